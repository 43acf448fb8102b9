"""The registers of rtl/sat/axi/registers.py: control, status, constants of the update, and copies of the counters."""

from myhdl import Signal, always, always_comb, concat, intbv, modbv

from rtl.hdl.hierarchy import module, waives
from rtl.hdl.lanes import join, pack
from rtl.hdl.stream import bit, bus
from rtl.sat import layouts
from rtl.sat.axi import registers
from rtl.sat.axi.bundles import Counters, RegisterBus, Status
from rtl.sat.axi.registers import NAMED, RATES, REGISTERS, WIDTH
from rtl.sat.config import SatConfig

STROBES = WIDTH // 8


@waives(WIDTH="a register's number is cut to the few registers that change")
@module
def register_bank(clk, rst, access, soft_reset, status, counters, rates, config):
    """Hold the values that software writes, and give those that it reads.

    access      bundles.RegisterBus: write*, read_word in; writable, read_data, readable out
    soft_reset  out  software wants the accelerator in reset
    status      in   bundles.Status; tiles are counted from the end of a reset
    counters    in   bundles.Counters
    rates       out  layouts.rates
    Latency     of reading 0, combinational; what is written, and a snapshot, can be read in the next cycle
    Throughput  a write and a read per cycle
    Reset       synchronous, active high: the values of rtl/sat/axi/registers.py
    Golden      rtl/sat/axi/registers.py
    """
    constants = tuple(register.value(config) for register in REGISTERS if register.constant)
    first, count = len(constants), len(REGISTERS)
    control, (unscale, decay, momentum, rate) = NAMED["control"].word, (register.word for register in RATES)
    control_word, status_word = registers.layout("control"), registers.layout("status")
    reset_byte, snapshot_byte = control_word.reset_bit // 8, control_word.snapshot_bit // 8
    counter_bits = len(counters.busy)

    of = {register.name: bus(WIDTH) for register in REGISTERS if not register.constant}
    unscale_word, decay_word, momentum_word, rate_word = (of[register.name] for register in RATES)
    tiles_word = of["tiles"]
    busy_low, busy_high, waiting_low, waiting_high, idle_low, idle_high = (
        of[f"{name}_{half}"] for name in ("busy", "waiting", "idle") for half in ("low", "high")
    )
    changing = bus(len(of) * WIDTH)  # all registers that are not constant
    place = bus(len(of).bit_length())  # of the word to be read among them
    low = bus(len(of).bit_length() + 5)  # its lowest bit
    mask = bus(WIDTH)  # the bits that are written
    snapshot = bit()
    tiles = Signal(modbv(0)[WIDTH:])

    @always_comb
    def look_up():
        access.readable.next = access.read_word < count
        place.next = 0
        if first <= access.read_word and access.read_word < count:
            place.next = access.read_word - first

    @always_comb
    def locate():
        low.next = concat(place, intbv(0)[5:])

    @always_comb
    def read():
        if access.read_word < first:
            access.read_data.next = constants[int(access.read_word)]
        elif access.readable:
            access.read_data.next = changing[low + 32 : low]
        else:
            access.read_data.next = 0

    @always_comb
    def admit():
        access.writable.next = (
            access.write_word == control
            or access.write_word == unscale
            or access.write_word == decay
            or access.write_word == momentum
            or access.write_word == rate
        )
        snapshot.next = (
            access.write
            and access.write_word == control
            and access.write_strobe[snapshot_byte]
            and access.write_data[control_word.snapshot_bit]
        )

    @always_comb
    def widen():
        bits = intbv(0)[WIDTH:]
        for k in range(STROBES):
            for b in range(8):
                bits[8 * k + b] = access.write_strobe[k]
        mask.next = bits

    @always(clk.posedge)
    def keep():
        if access.write and access.write_word == control and access.write_strobe[reset_byte]:
            soft_reset.next = access.write_data[control_word.reset_bit]
        if access.write and access.write_word == unscale:
            unscale_word.next = (unscale_word & ~mask) | (access.write_data & mask)
        if access.write and access.write_word == decay:
            decay_word.next = (decay_word & ~mask) | (access.write_data & mask)
        if access.write and access.write_word == momentum:
            momentum_word.next = (momentum_word & ~mask) | (access.write_data & mask)
        if access.write and access.write_word == rate:
            rate_word.next = (rate_word & ~mask) | (access.write_data & mask)
        if rst:
            soft_reset.next = False
            unscale_word.next = 0
            decay_word.next = 0
            momentum_word.next = 0
            rate_word.next = 0

    @always(clk.posedge)
    def copy():
        if status.tile_done:
            tiles.next = tiles + 1
        if snapshot:
            busy_low.next = counters.busy[WIDTH:]
            busy_high.next = counters.busy[counter_bits:WIDTH]
            waiting_low.next = counters.waiting[WIDTH:]
            waiting_high.next = counters.waiting[counter_bits:WIDTH]
            idle_low.next = counters.idle[WIDTH:]
            idle_high.next = counters.idle[counter_bits:WIDTH]
            tiles_word.next = tiles
        if rst or status.resetting:
            tiles.next = 0
        if rst:
            busy_low.next = 0
            busy_high.next = 0
            waiting_low.next = 0
            waiting_high.next = 0
            idle_low.next = 0
            idle_high.next = 0
            tiles_word.next = 0

    wires = (
        pack(control_word, of["control"], reset=soft_reset, snapshot=0, unused=0),
        pack(
            status_word,
            of["status"],
            resetting=status.resetting,
            working=status.working,
            overflow=status.overflow,
            unused=0,
        ),
        join(list(of.values()), changing),
        join([of[register.name] for register in RATES], rates),
    )
    return look_up, locate, read, admit, widen, keep, copy, wires


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `register_bank`, by name; whatever the configuration."""
    return dict(
        clk=bit(),
        rst=bit(),
        access=RegisterBus(),
        soft_reset=bit(),
        status=Status(),
        counters=Counters(),
        rates=bus(layouts.rates()),
    )
