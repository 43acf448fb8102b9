"""The sparse online reduction engine for whole words: every group of a word at once, in two cycles."""
from myhdl import Signal, always, always_comb, concat, intbv

from rtl import words
from rtl.hierarchy import module
from rtl.lanes import join, split
from rtl.sore_half import sore_half


@module
def sore_word(clk, rst, valid, word, n, m, done, kept, config):
    """Keep the N largest magnitudes of each M elements, largest_m elements a cycle.

    valid        in   `word` is to be reduced
    word         in   largest_m elements, FP16, the first in the low bits: largest_m / M groups
    n, m         in   N in 1, 2, 4 and M in 4, 8, 16, N < M <= largest_m; steady from a word to its result
    done         out  a word's result stands in `kept`
    kept         out  largest_m / 4 groups of four words.weight, the first in the low bits: the kept elements of a
                      group with indices ascending; entries beyond N, and groups beyond largest_m / M, are 0
    Latency      2 cycles (SORE_WORD)
    Throughput   1 word per cycle
    Reset        synchronous, active high: forgets the words in flight
    Golden       rtl/golden/nm.py, nm_pairs
    """
    entry_bits = words.weight(config).width
    entry_count = config.largest_m
    layout = words.survivor()
    rank_high, rank_low = layout["rank"]
    index_high, index_low = layout["index"]
    unbeaten_bit = layout["unbeaten"][1]
    best_bits = 4 * layout.width

    elements = Signal(intbv(0)[256:])           # the word, and zeros for the elements that a shorter one lacks
    halves = [Signal(intbv(0)[128:]) for _ in range(2)]
    quads = Signal(bool(0))
    best = [Signal(intbv(0)[best_bits:]) for _ in range(2)]
    both = Signal(intbv(0)[2 * best_bits:])
    survivors = [Signal(intbv(0)[layout.width:]) for _ in range(8)]     # four of each half
    items = [Signal(intbv(0)[20:]) for _ in range(8)]       # their values, with indices among 16 above
    beaten = [Signal(intbv(0)[4:]) for _ in range(8)]       # bit k: survivor k of the other half goes before this one
    chosen = Signal(intbv(0)[8:])
    moved = [Signal(intbv(0)[20:]) for _ in range(8)]       # of each half the chosen ones, moved together
    groups = [Signal(intbv(0)[20:]) for _ in range(16)]
    entries = [Signal(intbv(0)[entry_bits:]) for _ in range(entry_count)]
    valids = Signal(bool(0))

    @always_comb
    def widen():
        elements.next = word
        quads.next = m[2]

    @always_comb
    def compare():
        for a in range(4):
            for b in range(4):
                wins = survivors[4 + b][15:] > survivors[a][15:] and not survivors[a][unbeaten_bit]
                beaten[a].next[b] = m[4] and wins
                beaten[4 + b].next[a] = m[4] and not wins

    @always_comb
    def choose():
        limit = intbv(0)[4:]
        place = intbv(0)[3:]
        limit[:] = n
        if quads:
            limit[:] = n + 2                    # see sore_half
        for k in range(8):
            place[:] = survivors[k][rank_high:rank_low] + beaten[k][0] + beaten[k][1] + beaten[k][2] + beaten[k][3]
            chosen.next[k] = place < limit

    @always_comb
    def name():
        for k in range(4):
            items[k].next = survivors[k][19:]
            items[4 + k].next = concat(True, survivors[4 + k][19:])

    @always_comb
    def move():
        first = intbv(0)[2:]
        second = intbv(0)[2:]
        for h in range(2):
            first[:] = 3
            second[:] = 3
            if chosen[4 * h]:
                first[:] = 0
            elif chosen[4 * h + 1]:
                first[:] = 1
            elif chosen[4 * h + 2]:
                first[:] = 2
            if chosen[4 * h] and chosen[4 * h + 1]:
                second[:] = 1
            elif (chosen[4 * h] or chosen[4 * h + 1]) and chosen[4 * h + 2]:
                second[:] = 2
            moved[4 * h].next = items[4 * h + first]
            moved[4 * h + 1].next = items[4 * h + second]
            moved[4 * h + 2].next = items[4 * h + 3]
            if chosen[4 * h] and chosen[4 * h + 1] and chosen[4 * h + 2]:
                moved[4 * h + 2].next = items[4 * h + 2]
            moved[4 * h + 3].next = items[4 * h + 3]

    @always_comb
    def group():
        count = intbv(0)[3:]
        count[:] = chosen[0] + chosen[1] + chosen[2] + chosen[3]
        for j in range(4):
            groups[j].next = moved[j]
            for d in range(j + 1):
                if count == j - d:
                    groups[j].next = moved[4 + d]
            groups[4 + j].next = moved[4 + j][19:]
        if quads:
            groups[4].next = items[2][18:] if chosen[2] else items[3][18:]
            groups[5].next = items[3][18:]
        groups[8].next = items[4][18:] if chosen[4] else items[5][18:]
        groups[9].next = items[5][18:]
        groups[10].next = 0
        groups[11].next = 0
        groups[12].next = items[6][18:] if chosen[6] else items[7][18:]
        groups[13].next = items[7][18:]
        groups[14].next = 0
        groups[15].next = 0

    @always(clk.posedge)
    def keep():
        for k in range(entry_count):
            if k % 4 >= n or m[4] and k >= 4 or m[3] and k >= 8:
                entries[k].next = 0
            else:
                entries[k].next = groups[k][entry_bits:]
        valids.next = valid and not rst
        done.next = valids and not rst

    instances = [sore_half(clk, halves[h], quads, best[h]) for h in range(2)]
    return (widen, split(elements, halves), instances, join(best, both), split(both, survivors), compare, choose, name,
            move, group, keep, join(entries, kept))
