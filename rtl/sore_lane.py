"""One lane of the sparse online reduction engine: an element a cycle, against a stack of the largest so far.

The stack stands in order of arrival, so indices ascend by themselves. Each entry remembers which older ones it beats, so
that the smallest is known without a comparator: it lost to all younger entries, and beats no older one.
"""
from myhdl import Signal, always, always_comb, concat, intbv

from rtl import words
from rtl.golden.floats import FP16
from rtl.hierarchy import module

PLACES = 4              # the largest N


@module
def sore_lane(clk, rst, valid, value, n, m, done, kept, config):
    """Keep the N largest magnitudes of each M elements, which come one a cycle.

    valid        in   `value` is the next element of its group; cycles without may stand anywhere
    value        in   FP16
    n, m         in   N in 1, 2, 4 and M in 4, 8, 16, N < M <= largest_m; steady from a group's first element to its last
    done         out  a group's result stands in `kept`, for this cycle
    kept         out  four words.weight, indices ascending, the first in the low bits; those beyond N are 0
    Latency      1 cycle (SORE_LANE) from a group's last element to done
    Throughput   1 element per cycle: a group in M cycles, and the next one right behind it
    Reset        synchronous, active high: the next element is the first of its group
    Golden       rtl/golden/nm.py, nm_pairs
    """
    index_bits = words.index_bits(config)
    entry_bits = words.weight(config).width
    infinity = FP16.infinity
    unused = 2 ** (entry_bits + 1 + PLACES) - 2 ** entry_bits    # 0, not to be beaten, and beats all older ones

    # The oldest first: value, index, whether nothing beats it (for it is a NaN), and a bit for each entry that it beats.
    stack = [Signal(intbv(0)[entry_bits + 1 + PLACES:]) for _ in range(PLACES)]
    below = [Signal(intbv(0)[entry_bits + 1 + PLACES:]) for _ in range(PLACES)]    # what comes down to each place
    moves = Signal(intbv(0)[PLACES:])           # the places that take it: from that of the smallest entry on
    beaten = Signal(intbv(0)[PLACES:])          # the entries that `value` beats
    index = Signal(intbv(0)[index_bits:])
    following = Signal(intbv(0)[index_bits + 1:])

    @always_comb
    def compare():
        for k in range(PLACES):
            beaten.next[k] = value[15:] > stack[k][15:] and not stack[k][entry_bits]

    @always_comb
    def choose():
        fill = index < n
        taken = valid and (fill or beaten != 0)
        first = stack[1][entry_bits + 1] and stack[2][entry_bits + 1] and stack[3][entry_bits + 1]
        second = not stack[1][entry_bits + 1] and stack[2][entry_bits + 2] and stack[3][entry_bits + 2]
        fourth = stack[3][entry_bits + 4:entry_bits + 1] == 0
        moves.next = concat(taken, taken and (fill or not fourth), taken and (fill or first or second),
                            taken and (fill or first))

    @always_comb
    def hand_down():
        newcomer = concat(beaten, value[15:] > infinity, index, value)
        below[0].next = newcomer if n[0] else stack[1]
        below[1].next = newcomer if n[1] else stack[2]
        below[2].next = stack[3]
        below[3].next = newcomer

    @always(clk.posedge)
    def shift():
        for k in range(PLACES):
            if moves[k]:
                beats = below[k][:entry_bits + 1]
                stack[k].next = concat(beats & ~moves | (beats >> 1) & moves, below[k][entry_bits + 1:])
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
        last = (following & m) != 0             # M is a power of two
        done.next = valid and last and not rst
        if rst or valid and last:
            index.next = 0
        elif valid:
            index.next = following[index_bits:]

    @always_comb
    def show():
        kept.next = concat(stack[3][entry_bits:], stack[2][entry_bits:], stack[1][entry_bits:], stack[0][entry_bits:])

    return compare, choose, hand_down, shift, advance, count, show
