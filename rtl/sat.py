"""SAT: the array with its loader, sequencer and drain, and the weight update, behind three streams and counters."""

from myhdl import Signal, always_comb, intbv

from rtl import bundles, words
from rtl.drain import drain
from rtl.hierarchy import module, write_verilog
from rtl.loader import loader
from rtl.prefix import Prefix
from rtl.router import router
from rtl.sat_config import SatConfig
from rtl.sequencer import sequencer
from rtl.stce import stce
from rtl.stream import Stream
from rtl.updater import updater
from rtl.work_counters import COUNTER_BITS, work_counters


@module
def sat(
    clk,
    update_clk,
    rst,
    commands,
    operands,
    results,
    rates,
    tile_done,
    stored,
    working,
    overflow,
    busy,
    waiting,
    idle,
    config,
):
    """Execute tile commands and update commands.

    update_clk  in   the same clock as clk; it may stand still while no update command is given or under way
    commands    Stream in   words.command or words.update, one a tile, and above it which of both: 1 is an update
    operands    Stream in   the operand lines of each tile, in the order of the commands
    results     Stream out  finished blocks, words of 32 bits for each column; sections of updates
    rates       in   words.rates, steady while an update is under way
    tile_done   out  the last step of a tile is issued in this cycle, or the last slice of an update's taken
    stored      out  the last word of a block, or of an update's tile, moves in this cycle
    working     out  a command is given or under way
    overflow    out  an infinity or NaN has left as FP32 since reset: a gradient that must not be used
    busy        out  cycles in which the array was issued a step, or the updater took a slice
    waiting     out  cycles with work under way, but none issued: for operands, accumulators or the store
    idle        out  cycles without work; busy + waiting + idle = cycles since reset
    Latency     rtl/sat_timing.py; of a whole program: tlm/timeline.py, to the cycle
    Throughput  rows x columns multiply-adds per cycle while operands keep up
    Reset       synchronous, active high, for at least reset_cycles (rtl/sat_timing.py)
    Golden      rtl/golden/gemm.py, rtl/golden/sgd.py
    """
    command_bits = words.command(config).width
    tile_commands, update_commands = Stream(command_bits), Stream(words.update(config).width)
    tile_operands, update_operands = Stream(len(operands.data)), Stream(len(operands.data))
    tile_results, update_results = Stream(len(results.data)), Stream(len(results.data))
    line = Signal(intbv(0)[len(operands.data) :])
    west_write, north_write = Signal(bool(0)), Signal(bool(0))
    west_address = Signal(intbv(0)[words.west_control(config).bits("address") :])
    north_address = Signal(intbv(0)[words.north_control(config).bits("line") :])
    loaded, occupied = Signal(intbv(0)[2:]), Signal(intbv(0)[2:])
    held_commands = Signal(intbv(0)[2 * command_bits :])
    finished_command = Signal(intbv(0)[2 * command_bits :])
    started, bank_done, finished, block_stored, update_stored = (Signal(bool(0)) for _ in range(5))
    west_control = Signal(intbv(0)[words.west_control(config).width :])
    north_control = Signal(intbv(0)[words.north_control(config).width :])
    pace = Signal(intbv(0)[words.pace(config).width :])
    last_row, below = (Signal(intbv(0)[words.west_control(config).width :]) for _ in range(2))
    accumulators_free = Signal(intbv(0)[2:])
    issuing, last_step, slice_enters, last_slice, works = (Signal(bool(0)) for _ in range(5))
    tiles_busy, updates_busy = Signal(bool(0)), Signal(bool(0))
    draining = bundles.Drain(config)
    drained = Signal(intbv(0)[32 * config.columns :])

    @always_comb
    def watch():
        tiles_busy.next = occupied != 0 or issuing or accumulators_free != 2
        working.next = commands.valid or tiles_busy or updates_busy
        tile_done.next = last_step or last_slice
        stored.next = block_stored or update_stored
        works.next = issuing or slice_enters

    share = router(
        commands,
        operands,
        results,
        tile_commands,
        tile_operands,
        tile_results,
        tiles_busy,
        update_commands,
        update_operands,
        update_results,
        updates_busy,
        config,
    )
    load = loader(
        clk,
        rst,
        tile_commands,
        tile_operands,
        line,
        west_write,
        west_address,
        north_write,
        north_address,
        loaded,
        occupied,
        held_commands,
        started,
        bank_done,
        config,
    )
    issue = sequencer(
        clk,
        rst,
        loaded,
        held_commands,
        started,
        bank_done,
        west_control,
        north_control,
        pace,
        last_row,
        below,
        finished,
        finished_command,
        block_stored,
        accumulators_free,
        issuing,
        last_step,
        config,
    )
    array = stce(
        clk,
        rst,
        line,
        west_write,
        west_address,
        north_write,
        north_address,
        west_control,
        north_control,
        pace,
        last_row,
        below,
        draining,
        drained,
        config,
    )
    empty = drain(
        clk,
        rst,
        finished,
        finished_command,
        block_stored,
        draining,
        drained,
        tile_results,
        overflow,
        config,
    )
    update = updater(
        update_clk,
        rst,
        update_commands,
        update_operands,
        update_results,
        rates,
        slice_enters,
        last_slice,
        updates_busy,
        update_stored,
        config,
    )
    count = work_counters(clk, rst, works, working, busy, waiting, idle)
    return watch, share, load, issue, array, empty, update, count


def ports(config: SatConfig) -> dict:
    """Fresh ports for a `sat` of this configuration, by name."""
    return dict(
        clk=Signal(bool(0)),
        update_clk=Signal(bool(0)),
        rst=Signal(bool(0)),
        commands=Stream(words.command_bits(config)),
        operands=Stream(words.line_bits(config)),
        results=Stream(32 * config.columns),
        rates=Signal(intbv(0)[words.rates().width :]),
        tile_done=Signal(bool(0)),
        stored=Signal(bool(0)),
        working=Signal(bool(0)),
        overflow=Signal(bool(0)),
        busy=Signal(intbv(0)[COUNTER_BITS:]),
        waiting=Signal(intbv(0)[COUNTER_BITS:]),
        idle=Signal(intbv(0)[COUNTER_BITS:]),
    )


def write(config: SatConfig, folder, prefix: str = "sat_") -> dict:
    """Write the Verilog, one module a file, under names that begin with the prefix (rtl/prefix.py).

    Returns {module name: Path}, children before their parents: the top, `sat` with the usual prefix, is last.
    Raises ValueError for a prefix that no module can be called after.
    """
    return write_verilog(folder, sat, **ports(config), config=config, prefix=Prefix("sat", prefix))
