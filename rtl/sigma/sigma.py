"""SIGMA: a Flex-DPU with its banks, sequencer, accumulators and drain, behind three streams and counters."""

from myhdl import always_comb

from rtl.hdl.hierarchy import module, write_verilog
from rtl.hdl.lanes import join, split, unpack
from rtl.hdl.prefix import Prefix
from rtl.hdl.stream import Stream, bit, bus
from rtl.shared.work_counters import COUNTER_BITS, work_counters
from rtl.sigma import bundles, layouts
from rtl.sigma.config import SigmaConfig
from rtl.sigma.control.block_drain import block_drain
from rtl.sigma.control.line_placer import line_placer
from rtl.sigma.control.step_trail import step_trail
from rtl.sigma.control.tile_banks import tile_banks
from rtl.sigma.control.tile_sequencer import tile_sequencer
from rtl.sigma.distribution.stream_buffer import stream_buffer
from rtl.sigma.flex_dpu import flex_dpu
from rtl.sigma.reduction.accumulator import accumulator


@module
def sigma(clk, rst, commands, operands, results, tile_done, stored, working, overflow, busy, waiting, idle, config):
    """Execute tile commands.

    commands    Stream in   layouts.command, one a tile
    operands    Stream in   the operand lines of each tile, in the order of the commands
    results     Stream out  finished blocks: for each column a word of 32 bits for each accumulator
    tile_done   out  the last step of a tile is issued in this cycle
    stored      out  the last word of a block moves in this cycle
    working     out  a command is given or under way
    overflow    out  an infinity or NaN has left as FP32 since reset: a gradient that must not be used
    busy        out  cycles in which a tile was stepped through
    waiting     out  cycles with work under way, but no step: for operands, accumulators or the store
    idle        out  cycles without work; busy + waiting + idle = cycles since reset
    Latency     rtl/sigma/timing.py; of a whole program: tlm/sigma/times.py, to the cycle
    Throughput  a column per cycle, times all values that stay, while operands keep up
    Reset       synchronous, active high, for at least reset_cycles (rtl/sigma/timing.py)
    Golden      rtl/golden/sigma.py
    """
    load, records, tiles = bundles.Load(config), bundles.Records(config), bundles.Tiles(config)
    stream, blocks = bundles.StreamWrite(config), bundles.Blocks(config)
    addition, drain = bundles.Addition(config), bundles.Drain(config)
    streamed = bus(layouts.line_bits(config))
    read_address = bus(layouts.stream_address(config))
    loading, free, issuing, last_step = (bit() for _ in range(4))
    occupied, free_sums = bus(2), bus(2)
    step, banks = bus(layouts.step(config)), bus(layouts.banks(config))
    parts, drained = bus(32 * config.rows), bus(32 * config.rows)
    part, sums = ([bus(32) for _ in range(config.rows)] for _ in range(2))

    @always_comb
    def accept():
        commands.ready.next = not loading and free
        load.accepted.next = commands.valid and not loading and free

    @always_comb
    def drive():
        working.next = commands.valid or occupied != 0 or issuing or free_sums != 2
        tile_done.next = last_step

    fill = (
        unpack(
            layouts.command(config),
            commands.data,
            engines=load.engines,
            columns=load.columns,
            loads_stream=load.loads_stream,
        ),
        tile_banks(clk, rst, commands.data, load.turns, free, tiles, occupied, config),
        line_placer(clk, rst, load, operands, records, stream, loading, config),
        stream_buffer(clk, records.line, stream.write, stream.address, read_address, streamed),
    )
    compute = (
        tile_sequencer(clk, rst, tiles, stored, step, read_address, issuing, last_step, blocks, free_sums, config),
        step_trail(clk, rst, step, banks, addition, config),
        flex_dpu(clk, records, banks, streamed, parts, config),
        split(parts, part),
        [accumulator(clk, part[r], addition, drain, sums[r]) for r in range(config.rows)],
        join(sums, drained),
    )
    store = block_drain(clk, rst, blocks, drain, drained, results, stored, overflow, config)
    count = work_counters(clk, rst, issuing, working, busy, waiting, idle)
    return accept, drive, fill, compute, store, count


def ports(config: SigmaConfig) -> dict:
    """Fresh ports of a `sigma`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        commands=Stream(layouts.command(config).width),
        operands=Stream(layouts.line_bits(config)),
        results=Stream(32 * config.rows),
        tile_done=bit(),
        stored=bit(),
        working=bit(),
        overflow=bit(),
        busy=bus(COUNTER_BITS),
        waiting=bus(COUNTER_BITS),
        idle=bus(COUNTER_BITS),
    )


def write(config: SigmaConfig, folder, prefix: str = "sigma_") -> dict:
    """Write the Verilog, one module a file, under names that begin with the prefix (rtl/hdl/prefix.py).

    Returns {module name: Path}, children before their parents: the top, `sigma` with the usual prefix, is last.
    Raises ValueError for a prefix that no module can be called after.
    """
    return write_verilog(folder, sigma, **ports(config), config=config, prefix=Prefix("sigma", prefix))
