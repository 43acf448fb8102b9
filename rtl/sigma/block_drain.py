"""Sends finished blocks of the result, a column a cycle, while the next one grows."""

from myhdl import Signal, always, always_comb, intbv

from rtl.hierarchy import module, waives
from rtl.result_port import result_port
from rtl.sigma import words


@waives(
    UNUSEDSIGNAL="of some words only certain fields are used here",
    WIDTH="operands are as wide as they are, and results are cut to their signal",
)
@module
def block_drain(
    clk, rst, finished, block_commands, drain_read, drain_column, drain_set, drained, results, stored, overflow, config
):
    """Send each finished block: its columns in turn, of each the sums of all rows.

    finished        in   another block's sums stand
    block_commands  in   the words.command of the blocks in both sets of sums, set 0 in the low bits
    drain_*         out  to the accumulators; drained: a cycle later an FP32 word of each
    results         Stream out  32 bits for each accumulator: FP32, or FP16 in the low half
    stored          out  the last word of a block moves
    overflow        out  an infinity or NaN has left as FP32 since reset
    Latency         2 cycles (STORE_SETUP) from the first fetch to the first word
    Throughput      1 word per cycle while results.ready stays high
    Reset           synchronous, active high
    Golden          tlm/sigma/times.py, store_end; rtl/golden/fp32_to_fp16.py
    """
    layout = words.command(config)
    bits, half_bit = layout.width, layout["half"][1]
    columns_high, columns_low = layout["columns"]
    rows_high, rows_low = layout["rows"]
    column_bits = len(drain_column)
    every = 2**config.rows - 1

    pending = Signal(intbv(0)[2:])  # finished blocks that wait
    draining, fetched, starting, advance, to_half = (Signal(bool(0)) for _ in range(5))
    command = Signal(intbv(0)[bits:])
    left = Signal(intbv(0)[layout.bits("columns") :])  # columns to be fetched
    beyond = Signal(intbv(0)[config.rows :])  # rows that the block lacks
    column = Signal(intbv(0)[column_bits:])  # to be fetched next

    @always_comb
    def choose():
        if drain_set:
            command.next = block_commands[2 * bits : bits]
        else:
            command.next = block_commands[bits:]

    @always_comb
    def decide():
        starting.next = pending != 0 and not draining
        advance.next = fetched and (not results.valid or results.ready)
        to_half.next = command[half_bit]
        stored.next = results.valid and results.ready and not fetched

    @always_comb
    def steer():
        drain_read.next = starting or (advance and left != 0)
        drain_column.next = 0
        if not starting:
            drain_column.next = column

    @always(clk.posedge)
    def run():
        if starting:
            draining.next = True
            fetched.next = True
            column.next = 1
            left.next = command[columns_high:columns_low] - 1
        elif advance:
            fetched.next = left != 0
            if left != 0:
                left.next = left - 1
                column.next = (column + 1) % 2**column_bits
        if stored:
            draining.next = False
            drain_set.next = not drain_set
        if finished and not starting:
            pending.next = pending + 1
        elif starting and not finished:
            pending.next = pending - 1
        if rst:
            draining.next = False
            fetched.next = False
            drain_set.next = False
            pending.next = 0

    @always_comb
    def bound():
        beyond.next = (every << command[rows_high:rows_low]) & every

    port = result_port(clk, rst, advance, drained, to_half, beyond, results, overflow)
    return choose, decide, steer, run, bound, port
