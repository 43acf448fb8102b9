"""Both ends of a column where weights are stationary: sums that leave at the bottom enter again at the top."""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl import timing, words
from rtl.hierarchy import module, waives
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
    drain_read,
    drain_address,
    drain_set,
    drain_memory,
    drained,
    config,
):
    """Keep the sums of a tile until the next stretch of k goes on with them, or until they are stored.

    feed, collect    in   words.boundary: a sum is wanted at the column's top, one comes to its bottom
    *_out          out  the same a cycle later, for the next column
    sum_in         in   FP32, from the lowest element
    sum_out        out  FP32, for the highest one: zero where the sum starts
    drain_read     in   fetch the word at drain_address of memory drain_set, for `drained`
    drain_memory   in   `drained` comes from there; else it is sum_in, the end of the column's drain chain
    drained        out  FP32
    Latency        4 cycles (PRODUCT) from feed to sum_out; sum_in is stored that long after collect;
                   1 cycle from drain_read to drained
    Throughput     1 sum in, 1 sum out and 1 drained per cycle
    Reset          synchronous, active high
    Golden         none of its own; rtl/golden/gemm.py through the array
    """
    layout = words.boundary(config)
    word_bits = layout.width
    valid_bit, begin_bit, fresh_bit, set_bit = (layout[name][1] for name in ("valid", "begin", "fresh", "set"))
    address_bits = words.sum_bits(config)
    addresses = 2**address_bits
    read_low, show_low = (TO_READ - 1) * word_bits, (TO_WRITE - 1) * word_bits
    delay_bits = TO_WRITE * word_bits

    feeds = Signal(intbv(0)[delay_bits:])  # the youngest in the low bits
    collects = Signal(intbv(0)[delay_bits:])
    next_in = Signal(intbv(0)[address_bits:])
    next_out = Signal(intbv(0)[address_bits:])
    write_address = Signal(intbv(0)[address_bits:])
    feed_address = Signal(intbv(0)[address_bits:])
    write, write_set, feeding, feed_set = (Signal(bool(0)) for _ in range(4))
    low, high = (Signal(intbv(0)[32:]) for _ in range(2))  # what the banks of set 0 and 1 have fetched

    @always(clk.posedge)
    def travel():
        feed_out.next = feed
        collect_out.next = collect
        feeds.next = concat(feeds[show_low:], feed)
        collects.next = concat(collects[show_low:], collect)
        if rst:
            feeds.next = 0
            collects.next = 0

    @always_comb
    def locate():
        write.next = collects[show_low + valid_bit]
        write_set.next = collects[show_low + set_bit]
        write_address.next = 0 if collects[show_low + begin_bit] else next_in
        feeding.next = feeds[read_low + valid_bit] and not feeds[read_low + fresh_bit]
        feed_set.next = feeds[read_low + set_bit]
        feed_address.next = 0 if feeds[read_low + begin_bit] else next_out

    @always(clk.posedge)
    def count():
        if write:
            next_in.next = (write_address + 1) % addresses
        if feeding:
            next_out.next = (feed_address + 1) % addresses

    @always_comb
    def show():
        if feeds[show_low + fresh_bit]:
            sum_out.next = 0
        elif feeds[show_low + set_bit]:
            sum_out.next = high
        else:
            sum_out.next = low
        if not drain_memory:
            drained.next = sum_in
        elif drain_set:
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
            drain_read,
            drain_set,
            drain_address,
            data,
            number,
        )
        for number, data in enumerate((low, high))
    ]
    return travel, locate, count, show, banks
