"""The sparse online reduction engine for whole words: all groups of a word at once, in two cycles.

First each half of 16 elements is ranked by comparing all its pairs, and four of it survive (sore_half). Then those of
one half are compared with those of the other, and the chosen ones move together. That takes 72 comparators, where all
pairs of 16 elements would take 120.
"""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl import words
from rtl.hierarchy import module, waives
from rtl.lanes import join, split
from rtl.sore_half import sore_half


@waives(
    UNUSEDSIGNAL="of some words only certain fields are used here",
    WIDTH="operands are as wide as they are, and results are cut to their signal",
)
@module
def sore_word(clk, rst, valid, word, n, m, done, kept, config):
    """Keep the N largest magnitudes of each M elements, largest_m elements a cycle.

    valid        in   `word` is to be reduced
    word         in   largest_m elements, FP16, the first in the low bits: largest_m / M groups
    n, m         in   N in 1, 2, 4 and M in 4, 8, 16, N < M <= largest_m; steady in a word's cycle and the next
    done         out  a word's result stands in `kept`
    kept         out  largest_m / 4 groups, the first in the low bits, of four words.weight, indices ascending;
                      those beyond N, and groups beyond largest_m / M, are 0
    Latency      2 cycles (SORE_WORD)
    Throughput   1 word per cycle
    Reset        synchronous, active high: forgets the words in flight
    Golden       rtl/golden/nm.py, nm_pairs
    """
    index_bits = words.index_bits(config)
    entry_bits = words.weight(config).width
    entry_count = config.largest_m
    layout = words.survivor()
    rank_high, rank_low = layout["rank"]
    unbeaten = layout["unbeaten"][1]
    index_high = layout["index"][0]  # of an index among eight
    best_bits = 4 * layout.width

    elements = Signal(intbv(0)[256:])  # the word; zeros for the elements that a shorter one lacks
    quads = Signal(bool(0))  # M is 4
    single = Signal(bool(0))  # M is largest_m: the word is one group
    halves = [Signal(intbv(0)[128:]) for _ in range(2)]
    best = [Signal(intbv(0)[best_bits:]) for _ in range(2)]
    both = Signal(intbv(0)[2 * best_bits :])
    survivors = [Signal(intbv(0)[layout.width :]) for _ in range(8)]
    items = [Signal(intbv(0)[index_high + 1 :]) for _ in range(8)]  # their values, and indices among 16
    chosen = Signal(intbv(0)[8:])
    moved = [Signal(intbv(0)[index_high + 1 :]) for _ in range(8)]  # the chosen of each half, together
    groups = [Signal(intbv(0)[index_high + 1 :]) for _ in range(16)]
    entries = [Signal(intbv(0)[entry_bits:]) for _ in range(entry_count)]
    ranked = Signal(bool(0))  # a word's survivors stand in `best`

    @always_comb
    def widen():
        elements.next = word
        quads.next = m[2] or config.largest_m == 4
        single.next = m[index_bits]

    @always_comb
    def choose():
        behind = intbv(0)[32:]  # bit 4 k + i: survivor i of the other half goes before survivor k
        place = intbv(0)[3:]
        for i in range(4):
            for j in range(4):
                wins = survivors[4 + j][15:] > survivors[i][15:] and not survivors[i][unbeaten]
                behind[4 * i + j] = single and wins
                behind[16 + 4 * j + i] = single and not wins
        for k in range(8):
            place[:] = (
                survivors[k][rank_high:rank_low]
                + behind[4 * k]
                + behind[4 * k + 1]
                + behind[4 * k + 2]
                + behind[4 * k + 3]
            )
            chosen.next[k] = place < n

    @always_comb
    def number():
        for k in range(4):
            items[k].next = survivors[k][index_high:]
            items[4 + k].next = concat(True, survivors[4 + k][index_high:])

    @always_comb
    def move():
        first = intbv(0)[2:]  # the places of the first two that are chosen in a half
        second = intbv(0)[2:]
        for h in range(0, 8, 4):
            first[:] = 3
            second[:] = 3
            if chosen[h]:
                first[:] = 0
            elif chosen[h + 1]:
                first[:] = 1
            elif chosen[h + 2]:
                first[:] = 2
            if chosen[h] and chosen[h + 1]:
                second[:] = 1
            elif (chosen[h] or chosen[h + 1]) and chosen[h + 2]:
                second[:] = 2
            moved[h].next = items[h + first]
            moved[h + 1].next = items[h + second]
            moved[h + 2].next = items[h + 3]
            if chosen[h] and chosen[h + 1] and chosen[h + 2]:
                moved[h + 2].next = items[h + 2]
            moved[h + 3].next = items[h + 3]

    @always_comb
    def group():
        seen = intbv(0)[4:]
        for k in range(4):
            if chosen[k]:
                seen[:] = concat(seen[3:], True)
        for j in range(4):  # the left half's, then the right one's
            groups[j].next = moved[4 + j]
            for d in range(j):
                if seen[d]:
                    groups[j].next = moved[3 + j - d]
            if seen[j]:
                groups[j].next = moved[j]
        for g in range(1, 4):  # two of each four
            groups[4 * g].next = items[2 * g + 1][index_high - 1 :]
            if chosen[2 * g]:
                groups[4 * g].next = items[2 * g][index_high - 1 :]
            groups[4 * g + 1].next = items[2 * g + 1][index_high - 1 :]
            groups[4 * g + 2].next = 0
            groups[4 * g + 3].next = 0
        if not quads:
            for j in range(4):
                groups[4 + j].next = moved[4 + j][index_high:]

    @always(clk.posedge)
    def keep():
        for k in range(entry_count):
            if k % 4 >= n or (single and k >= 4) or (not quads and k >= 8):
                entries[k].next = 0
            elif ranked:
                entries[k].next = groups[k][entry_bits:]
        ranked.next = valid and not rst
        done.next = ranked and not rst

    reduction = [sore_half(clk, valid, halves[h], quads, best[h]) for h in range(2)]
    wires = split(elements, halves), join(best, both), split(both, survivors), join(entries, kept)
    return widen, reduction, wires, choose, number, move, group, keep
