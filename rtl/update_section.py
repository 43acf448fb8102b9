"""One section of what an update tile gives: its rows, in two banks for two tiles."""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl.hierarchy import module


@module
def update_section(clk, rst, write, row_in, ending, fetch, address, row_out, width, rows):
    """Keep rows in the order in which they come, for two tiles that take turns.

    write     in   store row_in as the tile's next row
    ending    in   no row of the tile comes after this cycle
    fetch     in   take the row at `address` to row_out: its number, and above it the bank
    width     bits of a row; rows: of a bank
    Latency   1 cycle from fetch to row_out; a row is fetched in the cycle after its write at the earliest
    Throughput 1 row written and 1 fetched per cycle
    Reset     synchronous, active high: the next tile takes bank 0
    Golden    none: two lists
    """
    place_bits = len(address) - 1
    memory = [Signal(intbv(0)[width:]) for _ in range(2 ** len(address))]
    place = Signal(intbv(0)[place_bits:])
    bank = Signal(intbv(0)[1:])
    at = Signal(intbv(0)[place_bits + 1 :])

    @always_comb
    def locate():
        at.next = concat(bank, place)

    @always(clk.posedge)
    def store():
        if write:
            memory[at].next = row_in
            if place != rows - 1:
                place.next = place + 1
        if ending:
            place.next = 0
            bank.next = not bank
        if rst:
            place.next = 0
            bank.next = 0

    @always(clk.posedge)
    def take():
        if fetch:
            row_out.next = memory[address]

    return locate, store, take
