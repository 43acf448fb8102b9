"""SIGMA: a Flex-DPU with its banks, sequencer, accumulators and drain, behind three streams and counters."""

from myhdl import Signal, always_comb, intbv

from rtl.hierarchy import module, write_verilog
from rtl.lanes import join, split
from rtl.prefix import Prefix
from rtl.sigma import words
from rtl.sigma.accumulator import accumulator
from rtl.sigma.block_drain import block_drain
from rtl.sigma.config import SigmaConfig
from rtl.sigma.flex_dpu import flex_dpu
from rtl.sigma.line_placer import line_placer
from rtl.sigma.step_trail import bank_word, step_trail
from rtl.sigma.stream_buffer import stream_buffer
from rtl.sigma.tile_banks import tile_banks
from rtl.sigma.tile_sequencer import tile_sequencer
from rtl.stream import Stream
from rtl.work_counters import COUNTER_BITS, work_counters


@module
def sigma(clk, rst, commands, operands, results, tile_done, stored, working, overflow, busy, waiting, idle, config):
    """Execute tile commands.

    commands    Stream in   words.command, one a tile
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
    bits, line_bits = words.command(config).width, words.line_bits(config)
    step_bits, column_bits = words.step(config).width, words.step(config).bits("column")
    command = Signal(intbv(0)[bits:])
    line, streamed = (Signal(intbv(0)[line_bits:]) for _ in range(2))
    engine_writes = Signal(intbv(0)[config.engines :])
    place = Signal(intbv(0)[words.place_bits(config) :])
    stream_address, read_address = (Signal(intbv(0)[1 + column_bits :]) for _ in range(2))
    gather_write, stream_write, loading, complete, accepted, free, bank, stream = (Signal(bool(0)) for _ in range(8))
    loaded, occupied, streams, free_sums = (Signal(intbv(0)[2:]) for _ in range(4))
    held_commands, block_commands = (Signal(intbv(0)[2 * bits :]) for _ in range(2))
    started, issuing, last_step, released, finished, drain_read, drain_set = (Signal(bool(0)) for _ in range(7))
    step, feed, add, write = (Signal(intbv(0)[step_bits:]) for _ in range(4))
    banks = Signal(intbv(0)[bank_word(config).width :])
    drain_column = Signal(intbv(0)[column_bits:])
    parts, drained = (Signal(intbv(0)[32 * config.rows :]) for _ in range(2))
    part, sums = ([Signal(intbv(0)[32:]) for _ in range(config.rows)] for _ in range(2))

    @always_comb
    def shake():
        command.next = commands.data
        commands.ready.next = not loading and free
        accepted.next = commands.valid and not loading and free

    @always_comb
    def watch():
        working.next = commands.valid or occupied != 0 or issuing or free_sums != 2
        tile_done.next = last_step

    load = (
        tile_banks(
            clk,
            rst,
            command,
            accepted,
            complete,
            started,
            released,
            free,
            bank,
            stream,
            loaded,
            occupied,
            held_commands,
            streams,
            config,
        ),
        line_placer(
            clk,
            rst,
            command,
            accepted,
            bank,
            stream,
            operands,
            line,
            engine_writes,
            gather_write,
            place,
            stream_write,
            stream_address,
            loading,
            complete,
            config,
        ),
        stream_buffer(clk, line, stream_write, stream_address, read_address, streamed),
    )
    compute = (
        tile_sequencer(
            clk,
            rst,
            loaded,
            held_commands,
            streams,
            stored,
            started,
            step,
            read_address,
            issuing,
            last_step,
            released,
            finished,
            block_commands,
            free_sums,
            config,
        ),
        step_trail(clk, rst, step, banks, feed, add, write, config),
        flex_dpu(clk, line, engine_writes, gather_write, place, banks, streamed, parts, config),
        split(parts, part),
        [
            accumulator(clk, part[r], feed, add, write, drain_read, drain_column, drain_set, sums[r], config)
            for r in range(config.rows)
        ],
        join(sums, drained),
    )
    store = block_drain(
        clk,
        rst,
        finished,
        block_commands,
        drain_read,
        drain_column,
        drain_set,
        drained,
        results,
        stored,
        overflow,
        config,
    )
    count = work_counters(clk, rst, issuing, working, busy, waiting, idle)
    return shake, watch, load, compute, store, count


def ports(config: SigmaConfig) -> dict:
    """Fresh ports for a `sigma` of this configuration, by name."""
    return dict(
        clk=Signal(bool(0)),
        rst=Signal(bool(0)),
        commands=Stream(words.command(config).width),
        operands=Stream(words.line_bits(config)),
        results=Stream(32 * config.rows),
        tile_done=Signal(bool(0)),
        stored=Signal(bool(0)),
        working=Signal(bool(0)),
        overflow=Signal(bool(0)),
        busy=Signal(intbv(0)[COUNTER_BITS:]),
        waiting=Signal(intbv(0)[COUNTER_BITS:]),
        idle=Signal(intbv(0)[COUNTER_BITS:]),
    )


def write(config: SigmaConfig, folder, prefix: str = "sigma_") -> dict:
    """Write the Verilog, one module a file, under names that begin with the prefix (rtl/prefix.py).

    Returns {module name: Path}, children before their parents: the top, `sigma` with the usual prefix, is last.
    Raises ValueError for a prefix that no module can be called after.
    """
    return write_verilog(folder, sigma, **ports(config), config=config, prefix=Prefix("sigma", prefix))
