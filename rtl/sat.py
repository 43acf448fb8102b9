"""SAT: loader, sequencer, array and drain, behind three streams and three counters."""
from myhdl import Signal, always, always_comb, intbv

from rtl import words
from rtl.config import SatConfig
from rtl.drain import drain
from rtl.hierarchy import module, write_verilog
from rtl.loader import loader
from rtl.sequencer import sequencer
from rtl.stce import stce
from rtl.stream import Stream

COUNTER_BITS = 48


@module
def sat(clk, rst, commands, operands, results, tile_done, busy, waiting, idle, config):
    """Execute tile commands.

    commands    Stream in   words.command, one a tile
    operands    Stream in   the operand lines of each tile, in the order of the commands
    results     Stream out  finished blocks, words of 32 bits for each column
    tile_done   out  the last step of a tile is issued in this cycle
    busy        out  cycles in which the array was issued a step
    waiting     out  cycles with work under way, but none issued: for operands, accumulators or the store
    idle        out  cycles without work; busy + waiting + idle = cycles since reset
    Latency     rtl/timing.py; of a whole program: tlm/timeline.py, to the cycle
    Throughput  rows x columns multiply-adds per cycle while operands keep up
    Reset       synchronous, active high, for at least reset_cycles (rtl/timing.py)
    Golden      rtl/golden/gemm.py
    """
    command_bits = words.command(config).width
    line = Signal(intbv(0)[len(operands.data):])
    west_write, north_write = Signal(bool(0)), Signal(bool(0))
    west_address = Signal(intbv(0)[words.west_control(config).bits("address"):])
    north_address = Signal(intbv(0)[words.north_control(config).bits("line"):])
    loaded, occupied = Signal(intbv(0)[2:]), Signal(intbv(0)[2:])
    held_commands = Signal(intbv(0)[2 * command_bits:])
    finished_command = Signal(intbv(0)[2 * command_bits:])
    started, bank_done, finished, stored = (Signal(bool(0)) for _ in range(4))
    west_control = Signal(intbv(0)[words.west_control(config).width:])
    north_control = Signal(intbv(0)[words.north_control(config).width:])
    pace = Signal(intbv(0)[words.pace(config).width:])
    last_row, below = (Signal(intbv(0)[words.west_control(config).width:]) for _ in range(2))
    accumulators_free = Signal(intbv(0)[2:])
    issuing = Signal(bool(0))
    drain_load, drain_shift, drain_read, drain_memory = (Signal(bool(0)) for _ in range(4))
    drain_slot = Signal(intbv(0)[words.slot_bits(config):])
    drain_address, drain_set = Signal(intbv(0)[words.sum_bits(config):]), Signal(intbv(0)[1:])
    drained = Signal(intbv(0)[32 * config.columns:])
    working = Signal(bool(0))

    @always_comb
    def watch():
        working.next = commands.valid or occupied != 0 or issuing or accumulators_free != 2

    @always(clk.posedge)
    def count():
        if issuing:
            busy.next = busy + 1
        elif working:
            waiting.next = waiting + 1
        else:
            idle.next = idle + 1
        if rst:
            busy.next = 0
            waiting.next = 0
            idle.next = 0

    load = loader(clk, rst, commands, operands, line, west_write, west_address, north_write, north_address,
                  loaded, occupied, held_commands, started, bank_done, config)
    issue = sequencer(clk, rst, loaded, held_commands, started, bank_done, west_control, north_control, pace,
                      last_row, below, finished, finished_command, stored, accumulators_free, issuing, tile_done, config)
    array = stce(clk, rst, line, west_write, west_address, north_write, north_address, west_control, north_control,
                 pace, last_row, below, drain_load, drain_shift, drain_slot, drain_read, drain_address, drain_set,
                 drain_memory, drained, config)
    empty = drain(clk, rst, finished, finished_command, stored, drain_load, drain_shift, drain_slot,
                  drain_read, drain_address, drain_set, drain_memory, drained, results, config)
    return watch, count, load, issue, array, empty


def ports(config: SatConfig) -> dict:
    """Fresh ports for a `sat` of this configuration, by name."""
    return dict(
        clk=Signal(bool(0)), rst=Signal(bool(0)),
        commands=Stream(words.command(config).width),
        operands=Stream(words.line_bits(config)),
        results=Stream(32 * config.columns),
        tile_done=Signal(bool(0)), busy=Signal(intbv(0)[COUNTER_BITS:]), waiting=Signal(intbv(0)[COUNTER_BITS:]),
        idle=Signal(intbv(0)[COUNTER_BITS:]))


def write(config: SatConfig, folder) -> dict:
    """Write the accelerator's Verilog, one module a file. Returns {module name: Path}, `sat` last."""
    return write_verilog(folder, sat, **ports(config), config=config)
