"""One section of an update tile's results: its rows, in two banks for two tiles."""

from myhdl import always, always_comb, concat

from rtl.hdl.hierarchy import module
from rtl.hdl.stream import bit, bus
from rtl.sat.update.bundles import SectionFetch, SectionRow


@module
def update_section(clk, rst, written, ending, fetched, address, width, rows):
    """Keep rows in the order in which they come, for two tiles that take turns.

    written   in   bundles.SectionRow: with done, the tile's next row
    ending    in   no row of the tile comes after this cycle
    fetched   bundles.SectionFetch: take in, row out: the row at `address`
    address   in   number of a row, and above it the bank
    width     bits of a row; rows: of a bank
    Latency   1 cycle from fetched.take to its row; a row is fetched in the cycle after its write at the earliest
    Throughput 1 row written and 1 fetched per cycle
    Reset     synchronous, active high: the next tile takes bank 0
    Golden    none: two lists
    """
    place_bits = len(address) - 1
    memory = [bus(width) for _ in range(2 ** len(address))]
    place, bank = bus(place_bits), bus(1)
    at = bus(place_bits + 1)

    @always_comb
    def locate():
        at.next = concat(bank, place)

    @always(clk.posedge)
    def store():
        if written.done:
            memory[at].next = written.row
            if place != rows - 1:
                place.next = place + 1
        if ending:
            place.next = 0
            bank.next = not bank
        if rst:
            place.next = 0
            bank.next = 0

    @always(clk.posedge)
    def fetch():
        if fetched.take:
            fetched.row.next = memory[address]

    return locate, store, fetch


def ports(width: int, rows: int) -> dict:
    """Fresh ports of an `update_section`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        written=SectionRow(width),
        ending=bit(),
        fetched=SectionFetch(width),
        address=bus((rows - 1).bit_length() + 1),
    )
