"""Both ends of a column where weights are stationary: sums that leave at the bottom enter again at the top."""

from myhdl import always, always_comb, concat

from rtl import bundles, words
from rtl import sat_timing as timing
from rtl.hierarchy import module, waives
from rtl.sat_config import SatConfig
from rtl.stream import bit, bus
from rtl.sum_bank import sum_bank

TO_READ = timing.PRODUCT - 1  # cycles from a boundary word to the fetch: so the sum stands where its product comes
TO_WRITE = timing.PRODUCT  # cycles from a boundary word to the sum that it announces


@waives(
    UNUSEDSIGNAL="of some words only certain fields are used here",
    WIDTH="operands are as wide as they are, and results are cut to their signal",
)
@module
def sum_lane(
    clk,
    rst,
    feed,
    feed_out,
    collect,
    collect_out,
    sum_in,
    sum_out,
    drain,
    drained,
    config,
):
    """Keep the sums of a tile until the next stretch of k goes on with them, or until they are stored.

    feed, collect    in   words.boundary: a sum is wanted at the column's top, one comes to its bottom
    *_out          out  the same a cycle later, for the next column
    sum_in         in   FP32, from the lowest element
    sum_out        out  FP32, for the highest one: zero where the sum starts
    drain          in   bundles.Drain.memories: what to fetch for `drained`, and whether it comes from there
    drained        out  FP32; without drain.memory it is sum_in, the end of the column's drain chain
    Latency        4 cycles (PRODUCT) from feed to sum_out; sum_in is stored that long after collect;
                   1 cycle from drain.read to drained
    Throughput     1 sum in, 1 sum out and 1 drained per cycle
    Reset          synchronous, active high
    Golden         none of its own; rtl/golden/gemm.py through the array
    """
    f = words.boundary(config)
    addresses = 2 ** words.sum_bits(config)
    read, show = f.at((TO_READ - 1) * f.width), f.at((TO_WRITE - 1) * f.width)  # boundary words in flight

    feeds, collects = (bus(TO_WRITE * f.width) for _ in range(2))  # the youngest in the low bits
    next_in, next_out, write_address, feed_address = (bus(words.sum_bits(config)) for _ in range(4))
    write, write_set, feeding, feed_set = (bit() for _ in range(4))
    low, high = (bus(32) for _ in range(2))  # what the banks of set 0 and 1 have fetched

    @always(clk.posedge)
    def travel():
        feed_out.next = feed
        collect_out.next = collect
        feeds.next = concat(feeds[show.low :], feed)
        collects.next = concat(collects[show.low :], collect)
        if rst:
            feeds.next = 0
            collects.next = 0

    @always_comb
    def locate():
        write.next = collects[show.valid_bit]
        write_set.next = collects[show.set_bit]
        write_address.next = 0 if collects[show.begin_bit] else next_in
        feeding.next = feeds[read.valid_bit] and not feeds[read.fresh_bit]
        feed_set.next = feeds[read.set_bit]
        feed_address.next = 0 if feeds[read.begin_bit] else next_out

    @always(clk.posedge)
    def count():
        if write:
            next_in.next = (write_address + 1) % addresses
        if feeding:
            next_out.next = (feed_address + 1) % addresses

    @always_comb
    def send():
        if feeds[show.fresh_bit]:
            sum_out.next = 0
        elif feeds[show.set_bit]:
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
    return travel, locate, count, send, banks


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `sum_lane`, by name."""
    boundary = words.boundary(config)
    return dict(
        clk=bit(),
        rst=bit(),
        feed=bus(boundary),
        feed_out=bus(boundary),
        collect=bus(boundary),
        collect_out=bus(boundary),
        sum_in=bus(32),
        sum_out=bus(32),
        drain=bundles.Drain(config).memories,
        drained=bus(32),
    )
