"""One of two memories of sums, each for one block of the result."""

from myhdl import always, always_comb

from rtl.hdl.hierarchy import module
from rtl.hdl.stream import bit, bus


@module
def sum_bank(
    clk,
    write,
    write_set,
    write_address,
    write_data,
    feed,
    feed_set,
    feed_address,
    drain,
    drain_set,
    drain_address,
    data,
    number,
):
    """Keep a tile's sums of one column, or row; whatever is for the other set is not for this bank.

    write   in   store write_data, FP32, at write_address
    feed    in   fetch from feed_address; a block is never fed and drained at once
    drain   in   fetch from drain_address
    data    out  the word that was fetched last
    number  the set that this bank serves
    Latency    1 cycle from feed or drain to data; a word is fetched in the cycle after its write at the earliest
    Throughput 1 word written and 1 fetched per cycle
    Reset      none
    Golden     none: a list
    """
    memory = [bus(32) for _ in range(2 ** len(write_address))]
    feeding, fetching = bit(), bit()
    address = bus(len(write_address))

    @always_comb
    def select():
        feeding.next = feed and feed_set == number
        fetching.next = (feed and feed_set == number) or (drain and drain_set == number)

    @always_comb
    def locate():
        address.next = feed_address if feeding else drain_address

    @always(clk.posedge)
    def store():
        if write and write_set == number:
            memory[write_address].next = write_data

    @always(clk.posedge)
    def fetch():
        if fetching:
            data.next = memory[address]

    return select, locate, store, fetch


def ports(address_bits: int) -> dict:
    """Fresh ports of a `sum_bank`, by name."""
    return dict(
        clk=bit(),
        write=bit(),
        write_set=bit(),
        write_address=bus(address_bits),
        write_data=bus(32),
        feed=bit(),
        feed_set=bit(),
        feed_address=bus(address_bits),
        drain=bit(),
        drain_set=bus(1),
        drain_address=bus(address_bits),
        data=bus(32),
    )
