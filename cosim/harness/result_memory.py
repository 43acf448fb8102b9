"""Memory as the device's result port sees it: a block's beats are taken after a delay, one a cycle."""

from myhdl import Signal, always, always_comb, intbv

from rtl.hdl.hierarchy import module

OUTSTANDING = 4  # blocks between command and store: two sets of accumulators, with room to spare


@module
def result_memory(clk, rst, announce, write_delay, block_beats, valid, ready, outstanding):
    """Take the beats of each announced block as memory would.

    announce      in   a block of block_beats beats will come; its first is taken write_delay cycles after it is offered
    valid, ready  in, out  of the result stream
    outstanding   out  announced blocks that have not been taken
    Latency     write_delay cycles from a block's first beat being offered to its being taken
    Throughput  1 beat per cycle after that
    Reset       synchronous, active high
    Golden      tlm/transactions.py, write_cycles
    """
    delays = [Signal(intbv(0)[32:]) for _ in range(OUTSTANDING)]
    sizes = [Signal(intbv(0)[16:]) for _ in range(OUTSTANDING)]
    newest = Signal(intbv(0)[2:])
    oldest = Signal(intbv(0)[2:])
    elapsed = Signal(intbv(0)[32:])
    taken = Signal(intbv(0)[16:])
    block_done = Signal(bool(0))  # the last beat of a block moves

    @always_comb
    def take():
        ready.next = elapsed == delays[oldest]
        block_done.next = valid and elapsed == delays[oldest] and taken + 1 == sizes[oldest]

    @always(clk.posedge)
    def write():
        if announce:
            delays[newest].next = write_delay
            sizes[newest].next = block_beats
            newest.next = (newest + 1) % OUTSTANDING
        if block_done:
            oldest.next = (oldest + 1) % OUTSTANDING
            elapsed.next = 0
            taken.next = 0
        elif valid and ready:
            taken.next = taken + 1
        elif valid:
            elapsed.next = elapsed + 1
        if announce and not block_done:
            outstanding.next = outstanding + 1
        elif block_done and not announce:
            outstanding.next = outstanding - 1
        if rst:
            newest.next = 0
            oldest.next = 0
            elapsed.next = 0
            taken.next = 0
            outstanding.next = 0

    return take, write
