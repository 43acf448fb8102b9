"""One lane of the sparse online reduction engine: an element a cycle, against a stack of the largest so far.

The stack stands in order of arrival, so indices ascend by themselves. Each entry remembers which older ones it beats,
so the smallest needs no comparator: it beats no older entry, and all younger ones beat it. When a newcomer beats any
entry, the smallest leaves, the younger ones move down, and the newcomer takes the place above them.
"""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl import words
from rtl.hierarchy import module, waives
from rtl.layout import Layout


@waives(
    BLKSEQ="a clocked process assigns to variables of its own",
    UNUSEDSIGNAL="of some words only certain fields are used here",
    WIDTH="operands are as wide as they are, and results are cut to their signal",
)
@module
def sore_lane(clk, rst, valid, value, n, m, done, kept, config):
    """Keep the N largest magnitudes of each M elements, which come one a cycle.

    valid        in   `value` is the next element of its group; cycles without may stand anywhere
    value        in   FP16
    n, m         in   N in 1, 2, 4 and M in 4, 8, 16, N < M <= largest_m; steady within a group
    done         out  a group's result stands in `kept`, for this cycle
    kept         out  four words.weight, indices ascending, the first in the low bits; those beyond N are 0
    Latency      1 cycle (SORE_LANE) from a group's last element to done
    Throughput   1 element per cycle: a group in M cycles, and the next one right behind it
    Reset        synchronous, active high: the next element is the first of its group
    Golden       rtl/golden/nm.py, nm_pairs
    """
    index_bits = words.index_bits(config)
    entry_bits = words.weight(config).width
    layout = Layout(entry=entry_bits, unbeaten=1, beats=4)  # unbeaten: nothing beats it, for it is a NaN or unused
    unbeaten = layout["unbeaten"][1]
    beats_high, beats_low = layout["beats"]  # a bit for each older entry
    unused = layout.pack(entry=0, unbeaten=1, beats=15)  # never the smallest

    stack = [Signal(intbv(0)[layout.width :]) for _ in range(4)]  # the oldest first
    younger = [Signal(intbv(0)[layout.width :]) for _ in range(4)]  # what moves down to each place
    moves = Signal(intbv(0)[4:])  # the places where it does: that of the smallest, and those above
    beaten = Signal(intbv(0)[4:])  # the entries that `value` beats
    index = Signal(intbv(0)[index_bits:])
    following = Signal(intbv(0)[index_bits + 1 :])

    @always_comb
    def compare():
        for k in range(4):
            beaten.next[k] = value[15:] > stack[k][15:] and not stack[k][unbeaten]

    @always_comb
    def choose():
        second = stack[1][beats_high:beats_low]
        third = stack[2][beats_high:beats_low]
        fourth = stack[3][beats_high:beats_low]
        first_moves = second[0] and third[0] and fourth[0]
        second_moves = first_moves or (third[1] and fourth[1])
        third_moves = fourth[3:] != 0
        moves.next = concat(True, third_moves, second_moves, first_moves)
        if index < n:  # the stack fills, from the top
            moves.next = 15
        elif beaten == 0:
            moves.next = 0
        if not valid:
            moves.next = 0

    @always_comb
    def come_down():
        newcomer = concat(beaten, value[15:10] == 31 and value[10:] != 0, index, value)
        younger[0].next = newcomer if n[0] else stack[1]
        younger[1].next = newcomer if n[1] else stack[2]
        younger[2].next = stack[3]
        younger[3].next = newcomer

    @always(clk.posedge)
    def shift():
        beats = intbv(0)[4:]
        if moves != 0:
            for k in range(4):
                beats[:] = younger[k][beats_high:beats_low]
                beats[:] = beats & ~moves | (beats >> 1) & moves  # without that of the entry that leaves
                if moves[k]:
                    stack[k].next = concat(beats, younger[k][beats_low:])
        if n[0]:
            stack[1].next = unused
        if n[2:] != 0:
            stack[2].next = unused
            stack[3].next = unused

    @always_comb
    def advance():
        following.next = index + 1

    @always(clk.posedge)
    def count():
        last = (following & m) != 0  # M is a power of two
        done.next = valid and last and not rst
        if rst or (valid and last):
            index.next = 0
        elif valid:
            index.next = following[index_bits:]

    @always_comb
    def show():
        kept.next = concat(stack[3][entry_bits:], stack[2][entry_bits:], stack[1][entry_bits:], stack[0][entry_bits:])

    return compare, choose, come_down, shift, advance, count, show
