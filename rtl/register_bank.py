"""The registers of rtl/registers.py: control, status, constants of the update, and copies of the counters."""

from myhdl import Signal, always, always_comb, intbv, modbv

from rtl.hierarchy import module, waives
from rtl.lanes import join
from rtl.registers import NAMED, RATES, REGISTERS, WIDTH, bit

STROBES = WIDTH // 8


@waives(WIDTH="operands are as wide as they are, and results are cut to their signal")
@module
def register_bank(
    clk,
    rst,
    write,
    write_word,
    write_data,
    write_strobe,
    writable,
    read_word,
    read_data,
    readable,
    soft_reset,
    resetting,
    working,
    overflow,
    tile_done,
    busy,
    waiting,
    idle,
    rates,
    config,
):
    """Hold what software writes, and show what it reads.

    write*, read*    as in axi_lite
    soft_reset  out  software wants the accelerator in reset
    resetting   in   it is; its tiles are counted from the end of that
    working, overflow, tile_done  in  status and event of the accelerator
    busy, waiting, idle           in  its counters
    rates       out  words.rates
    Latency     of reading 0, combinational; what is written, and a snapshot, can be read in the next cycle
    Throughput  a write and a read per cycle
    Reset       synchronous, active high: the values of rtl/registers.py
    Golden      rtl/registers.py
    """
    constants = tuple(register.value(config) for register in REGISTERS if register.constant)
    first, count, every = len(constants), len(REGISTERS), 2**WIDTH - 1
    control, (unscale, decay, momentum, rate) = NAMED["control"].word, (register.word for register in RATES)
    reset_bit, snapshot_bit = bit("control", "reset"), bit("control", "snapshot")
    reset_byte, snapshot_byte = reset_bit // 8, snapshot_bit // 8
    resetting_bit, working_bit, overflow_bit = (bit("status", name) for name in ("resetting", "working", "overflow"))
    counter_bits = len(busy)

    of = {register.name: Signal(intbv(0)[WIDTH:]) for register in REGISTERS if not register.constant}
    unscale_word, decay_word, momentum_word, rate_word = (of[register.name] for register in RATES)
    control_word, status_word, tiles_word = of["control"], of["status"], of["tiles"]
    busy_low, busy_high, waiting_low, waiting_high, idle_low, idle_high = (
        of[f"{name}_{half}"] for name in ("busy", "waiting", "idle") for half in ("low", "high")
    )
    changing = Signal(intbv(0)[len(of) * WIDTH :])  # all registers that are not constant
    place = Signal(intbv(0)[len(of).bit_length() :])  # of the word to be read among them
    mask = Signal(intbv(0)[WIDTH:])  # the bits that are written
    snapshot = Signal(bool(0))
    tiles = Signal(modbv(0)[WIDTH:])

    @always_comb
    def look_up():
        readable.next = read_word < count
        place.next = 0
        if first <= read_word and read_word < count:
            place.next = read_word - first

    @always_comb
    def read():
        if read_word < first:
            read_data.next = constants[int(read_word)]
        elif readable:
            read_data.next = (changing >> (WIDTH * place)) & every
        else:
            read_data.next = 0

    @always_comb
    def admit():
        writable.next = (
            write_word == control
            or write_word == unscale
            or write_word == decay
            or write_word == momentum
            or write_word == rate
        )
        snapshot.next = write and write_word == control and write_strobe[snapshot_byte] and write_data[snapshot_bit]

    @always_comb
    def widen():
        bits = intbv(0)[WIDTH:]
        for k in range(STROBES):
            for b in range(8):
                bits[8 * k + b] = write_strobe[k]
        mask.next = bits

    @always(clk.posedge)
    def keep():
        if write and write_word == control and write_strobe[reset_byte]:
            soft_reset.next = write_data[reset_bit]
        if write and write_word == unscale:
            unscale_word.next = (unscale_word & ~mask) | (write_data & mask)
        if write and write_word == decay:
            decay_word.next = (decay_word & ~mask) | (write_data & mask)
        if write and write_word == momentum:
            momentum_word.next = (momentum_word & ~mask) | (write_data & mask)
        if write and write_word == rate:
            rate_word.next = (rate_word & ~mask) | (write_data & mask)
        if rst:
            soft_reset.next = False
            unscale_word.next = 0
            decay_word.next = 0
            momentum_word.next = 0
            rate_word.next = 0

    @always(clk.posedge)
    def copy():
        if tile_done:
            tiles.next = tiles + 1
        if snapshot:
            busy_low.next = busy[WIDTH:]
            busy_high.next = busy[counter_bits:WIDTH]
            waiting_low.next = waiting[WIDTH:]
            waiting_high.next = waiting[counter_bits:WIDTH]
            idle_low.next = idle[WIDTH:]
            idle_high.next = idle[counter_bits:WIDTH]
            tiles_word.next = tiles
        if rst or resetting:
            tiles.next = 0
        if rst:
            busy_low.next = 0
            busy_high.next = 0
            waiting_low.next = 0
            waiting_high.next = 0
            idle_low.next = 0
            idle_high.next = 0
            tiles_word.next = 0

    @always_comb
    def show():
        control_word.next = soft_reset << reset_bit
        status_word.next = (resetting << resetting_bit) | (working << working_bit) | (overflow << overflow_bit)

    return (
        look_up,
        read,
        admit,
        widen,
        keep,
        copy,
        show,
        join(list(of.values()), changing),
        join([of[register.name] for register in RATES], rates),
    )
