"""A row's sums: one for each column of a block of the result, to which each tile adds its part."""

from myhdl import Signal, always_comb, intbv

from rtl.fp32_add import fp32_add
from rtl.hierarchy import module, waives
from rtl.sigma import words
from rtl.sum_bank import sum_bank


@waives(UNUSEDSIGNAL="of some words only certain fields are used here")
@module
def accumulator(clk, part, feed, add, write, drain_read, drain_column, drain_set, drained, config):
    """Add a part to the sum of its column; two sets of sums, so that one is drained while the other grows.

    part          in   FP32: what a tile adds
    feed          in   words.step whose part comes in the next cycle: its sum is fetched
    add           in   words.step of this part: where `fresh`, it is added to zero
    write         in   words.step whose new sum is there: the one added ACCUMULATE - 1 cycles before
    drain_read, drain_column, drain_set  in  fetch a sum for `drained`
    drained       out  FP32
    Latency       4 cycles (ACCUMULATE) from `part` to the sum standing, which a column's next part must wait for
                  (TURN); 1 cycle from drain_read to drained
    Throughput    1 part and 1 drained sum per cycle
    Reset         none: a block's first parts are added to zero
    Golden        rtl/golden/sigma.py
    """
    layout = words.step(config)
    valid_bit, fresh_bit, set_bit = (layout[name][1] for name in ("valid", "fresh", "set"))
    column_high, column_low = layout["column"]
    bits = layout.bits("column")

    old, total, low, high = (Signal(intbv(0)[32:]) for _ in range(4))
    feeding, feed_set, writing, write_set = (Signal(bool(0)) for _ in range(4))
    feed_column, write_column = (Signal(intbv(0)[bits:]) for _ in range(2))

    @always_comb
    def locate():
        feeding.next = feed[valid_bit] and not feed[fresh_bit]
        feed_set.next = feed[set_bit]
        feed_column.next = feed[column_high:column_low]
        writing.next = write[valid_bit]
        write_set.next = write[set_bit]
        write_column.next = write[column_high:column_low]

    @always_comb
    def choose():
        if add[fresh_bit]:
            old.next = 0
        elif add[set_bit]:
            old.next = high
        else:
            old.next = low

    @always_comb
    def show():
        if drain_set:
            drained.next = high
        else:
            drained.next = low

    memories = [
        sum_bank(
            clk,
            writing,
            write_set,
            write_column,
            total,
            feeding,
            feed_set,
            feed_column,
            drain_read,
            drain_set,
            drain_column,
            data,
            number,
        )
        for number, data in enumerate((low, high))
    ]
    return locate, choose, show, fp32_add(clk, old, part, total), memories
