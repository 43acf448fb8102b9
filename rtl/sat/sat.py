"""SAT: the array with its loader, sequencer and drain, and the weight update, behind three streams and counters."""

from myhdl import always_comb

from rtl.hdl.hierarchy import module, write_verilog
from rtl.hdl.prefix import Prefix
from rtl.hdl.stream import Stream, bit, bus
from rtl.sat import bundles, layouts
from rtl.sat.array.stce import stce
from rtl.sat.config import SatConfig
from rtl.sat.control.drain import drain
from rtl.sat.control.loader import loader
from rtl.sat.control.router import router
from rtl.sat.control.sequencer import sequencer
from rtl.sat.update.updater import updater
from rtl.shared.work_counters import COUNTER_BITS, work_counters


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
    commands    Stream in   layouts.command or layouts.update, one a tile, and above it which of both: 1 is an update
    operands    Stream in   the operand lines of each tile, in the order of the commands
    results     Stream out  finished blocks, words of 32 bits for each column; sections of updates
    rates       in   layouts.rates, steady while an update is under way
    tile_done   out  the last step of a tile is issued in this cycle, or the last slice of an update's taken
    stored      out  the last word of a block, or of an update's tile, moves in this cycle
    working     out  a command is given or under way
    overflow    out  an infinity or NaN has left as FP32 since reset: a gradient that must not be used
    busy        out  cycles in which the array was issued a step, or the updater took a slice
    waiting     out  cycles with work under way, but none issued: for operands, accumulators or the store
    idle        out  cycles without work; busy + waiting + idle = cycles since reset
    Latency     rtl/sat/timing.py; of a whole program: tlm/timeline.py, to the cycle
    Throughput  rows x columns multiply-adds per cycle while operands keep up
    Reset       synchronous, active high, for at least reset_cycles (rtl/sat/timing.py)
    Golden      rtl/golden/gemm.py, rtl/golden/sgd.py
    """
    whole = bundles.Traffic(commands, operands, results)
    tile = bundles.Traffic.of(config, layouts.command(config).width)
    update = bundles.Traffic.of(config, layouts.update(config).width)
    line, tiles, edges = bundles.Lines(config), bundles.Tiles(config), bundles.Edges(config)
    blocks, draining = bundles.Blocks(config), bundles.Drain(config)
    steps, slices = bundles.Progress(), bundles.Progress()
    occupied, accumulators_free = bus(2), bus(2)
    drained = bus(32 * config.columns)
    tiles_busy, updates_busy, update_stored, works = (bit() for _ in range(4))

    @always_comb
    def watch():
        tiles_busy.next = occupied != 0 or steps.active or accumulators_free != 2
        working.next = commands.valid or tiles_busy or updates_busy
        tile_done.next = steps.last or slices.last
        stored.next = blocks.stored or update_stored
        works.next = steps.active or slices.active

    share = router(whole, tile, update, tiles_busy, updates_busy, config)
    load = loader(clk, rst, tile.commands, tile.operands, line, tiles, occupied, config)
    issue = sequencer(clk, rst, tiles, edges, blocks, accumulators_free, steps, config)
    array = stce(clk, rst, line, edges, draining, drained, config)
    empty = drain(clk, rst, blocks, draining, drained, tile.results, overflow, config)
    change = updater(update_clk, rst, update, rates, slices, updates_busy, update_stored, config)
    count = work_counters(clk, rst, works, working, busy, waiting, idle)
    return watch, share, load, issue, array, empty, change, count


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `sat`, by name."""
    return dict(
        clk=bit(),
        update_clk=bit(),
        rst=bit(),
        commands=Stream(layouts.command_bits(config)),
        operands=Stream(layouts.line_bits(config)),
        results=Stream(32 * config.columns),
        rates=bus(layouts.rates()),
        tile_done=bit(),
        stored=bit(),
        working=bit(),
        overflow=bit(),
        busy=bus(COUNTER_BITS),
        waiting=bus(COUNTER_BITS),
        idle=bus(COUNTER_BITS),
    )


def write(config: SatConfig, folder, prefix: str = "sat_") -> dict:
    """Write the Verilog, one module a file, under names that begin with the prefix (rtl/hdl/prefix.py).

    Returns {module name: Path}, children before their parents: the top, `sat` with the usual prefix, is last.
    Raises ValueError for a prefix that no module can be called after.
    """
    return write_verilog(folder, sat, **ports(config), config=config, prefix=Prefix("sat", prefix))
