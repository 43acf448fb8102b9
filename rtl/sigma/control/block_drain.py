"""Sends finished blocks of the result, a column a cycle, while the next one grows."""

from myhdl import always, always_comb

from rtl.hdl.hierarchy import module
from rtl.hdl.lanes import pack
from rtl.hdl.layout import Layout, pair
from rtl.hdl.stream import Stream, bit, bus
from rtl.shared.result_port import result_port
from rtl.sigma import bundles, layouts
from rtl.sigma.config import SigmaConfig


@module
def block_drain(clk, rst, blocks, drain, drained, results, stored, overflow, config):
    """Send each finished block: its columns in turn, of each the sums of all rows.

    blocks     in   bundles.Blocks: another block's sums stand, and the commands of both
    drain      out  bundles.Drain, to the accumulators
    drained    in   a cycle later an FP32 word of each
    results    Stream out  32 bits for each accumulator: FP32, or FP16 in the low half
    stored     out  the last word of a block moves
    overflow   out  an infinity or NaN has left as FP32 since reset
    Latency    2 cycles (STORE_SETUP) from the first fetch to the first word
    Throughput 1 word per cycle while results.ready stays high
    Reset      synchronous, active high
    Golden     tlm/sigma/times.py, store_end; rtl/golden/fp32_to_fp16.py
    """
    f = layouts.command(config)
    both = pair(f)
    address_bits = len(drain.column)

    pending = bus(2)  # finished blocks that wait
    draining, fetched, starting, advance, to_half = (bit() for _ in range(5))
    columns, rows = bus(f, "columns"), bus(f, "rows")  # of the block that is drained, or comes next
    left = bus(f, "columns")  # columns to be fetched
    beyond = bus(config.rows)  # rows that the block lacks
    every = bus(config.rows)  # row of any block
    column = bus(address_bits)  # to be fetched next

    @always_comb
    def select():
        if drain.set:
            columns.next = blocks.commands[both.of1_columns_high : both.of1_columns_low]
            rows.next = blocks.commands[both.of1_rows_high : both.of1_rows_low]
            to_half.next = blocks.commands[both.of1_half_bit]
        else:
            columns.next = blocks.commands[both.of0_columns_high : both.of0_columns_low]
            rows.next = blocks.commands[both.of0_rows_high : both.of0_rows_low]
            to_half.next = blocks.commands[both.of0_half_bit]

    @always_comb
    def decide():
        starting.next = pending != 0 and not draining
        advance.next = fetched and (not results.valid or results.ready)
        stored.next = results.valid and results.ready and not fetched

    @always_comb
    def fetch():
        drain.read.next = starting or (advance and left != 0)
        drain.column.next = 0
        if not starting:
            drain.column.next = column

    @always(clk.posedge)
    def run():
        if starting:
            draining.next = True
            fetched.next = True
            column.next = 1
            left.next = columns - 1
        elif advance:
            fetched.next = left != 0
            if left != 0:
                left.next = left - 1
                column.next = (column + 1) % 2**address_bits
        if stored:
            draining.next = False
            drain.set.next = not drain.set
        if blocks.finished and not starting:
            pending.next = pending + 1
        elif starting and not blocks.finished:
            pending.next = pending - 1
        if rst:
            draining.next = False
            fetched.next = False
            drain.set.next = False
            pending.next = 0

    @always_comb
    def bound():
        beyond.next = (every << rows) & every

    port = result_port(clk, rst, advance, drained, to_half, beyond, results, overflow)
    ones = pack(Layout(rows=config.rows), every, rows=2**config.rows - 1)
    return select, decide, fetch, run, bound, port, ones


def ports(config: SigmaConfig) -> dict:
    """Fresh ports of a `block_drain`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        blocks=bundles.Blocks(config),
        drain=bundles.Drain(config),
        drained=bus(32 * config.rows),
        results=Stream(32 * config.rows),
        stored=bit(),
        overflow=bit(),
    )
