"""Both ends of a column where weights are stationary: sums that leave at the bottom enter again at the top."""

from myhdl import always, always_comb, concat

from rtl.hdl.hierarchy import module, waives
from rtl.hdl.stream import bit, bus, counter
from rtl.sat import bundles, layouts, timing
from rtl.sat.config import SatConfig
from rtl.shared.sum_bank import sum_bank

TO_READ = (
    timing.PRODUCT - 1
)  # cycles from a layouts.column_edge to the fetch: so the sum stands where its product comes
TO_WRITE = timing.PRODUCT  # cycles from a layouts.column_edge to the sum that it announces


@waives(
    UNUSEDSIGNAL="a sum that comes to the bottom is stored, wherever it started from",
)
@module
def sum_lane(clk, rst, ends, ends_out, sum_in, sum_out, drain, drained, config):
    """Keep the sums of a tile until the next stretch of k goes on with them, or until they are stored.

    ends           in   bundles.ColumnControl.ends: a sum is wanted at the column's top (feed), one comes to its
                        bottom (collect)
    ends_out       out  the same a cycle later, for the next column
    sum_in         in   FP32, from the lowest element
    sum_out        out  FP32, for the highest one: zero where the sum starts
    drain          in   bundles.Drain.memories: the fetch of a sum for `drained`, and whether that comes from there
    drained        out  FP32; without drain.memory it is sum_in, the end of the column's drain chain
    Latency        4 cycles (PRODUCT) from feed to sum_out; sum_in is stored that long after collect;
                   1 cycle from drain.read to drained
    Throughput     1 sum in, 1 sum out and 1 drained per cycle
    Reset          synchronous, active high
    Golden         none of its own; rtl/golden/gemm.py through the array
    """
    f = layouts.column_edge(config)
    read, oldest = f.at((TO_READ - 1) * f.width), f.at((TO_WRITE - 1) * f.width)  # words in flight

    feeds, collects = (bus(TO_WRITE * f.width) for _ in range(2))  # the youngest in the low bits
    next_in, next_out = (counter(layouts.sum_bits(config)) for _ in range(2))
    write_address, feed_address = (bus(layouts.sum_bits(config)) for _ in range(2))
    write, write_set, feeding, feed_set = (bit() for _ in range(4))
    low, high = (bus(32) for _ in range(2))  # the last sums fetched from the banks of set 0 and 1

    @always(clk.posedge)
    def travel():
        ends_out.feed.next = ends.feed
        ends_out.collect.next = ends.collect
        feeds.next = concat(feeds[oldest.low :], ends.feed)
        collects.next = concat(collects[oldest.low :], ends.collect)
        if rst:
            feeds.next = 0
            collects.next = 0

    @always_comb
    def locate():
        write.next = collects[oldest.valid_bit]
        write_set.next = collects[oldest.set_bit]
        write_address.next = 0 if collects[oldest.begin_bit] else next_in
        feeding.next = feeds[read.valid_bit] and not feeds[read.fresh_bit]
        feed_set.next = feeds[read.set_bit]
        feed_address.next = 0 if feeds[read.begin_bit] else next_out

    @always(clk.posedge)
    def count():
        if write:
            next_in.next = write_address + 1
        if feeding:
            next_out.next = feed_address + 1

    @always_comb
    def drive():
        if feeds[oldest.fresh_bit]:
            sum_out.next = 0
        elif feeds[oldest.set_bit]:
            sum_out.next = high
        else:
            sum_out.next = low
        if not drain.memory:
            drained.next = sum_in
        elif drain.set:
            drained.next = high
        else:
            drained.next = low

    banks = [
        sum_bank(
            clk,
            write,
            write_set,
            write_address,
            sum_in,
            feeding,
            feed_set,
            feed_address,
            drain.read,
            drain.set,
            drain.address,
            data,
            number,
        )
        for number, data in enumerate((low, high))
    ]
    return travel, locate, count, drive, banks


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `sum_lane`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        ends=bundles.ColumnControl(config).ends,
        ends_out=bundles.ColumnControl(config).ends,
        sum_in=bus(32),
        sum_out=bus(32),
        drain=bundles.Drain(config).memories,
        drained=bus(32),
    )
