"""The sparse online reduction engine for whole words: all groups of a word at once, in two cycles.

First each half of 16 elements is ranked by comparing all its pairs, and four of it go on (sore_half). Then those of
one half are compared with those of the other, and the selected ones move together. That takes 72 comparators, where all
pairs of 16 elements would take 120.
"""

from myhdl import always, always_comb, concat, intbv

from rtl.hdl.hierarchy import module, waives
from rtl.hdl.lanes import join, pack, split, unpack
from rtl.hdl.layout import Layout
from rtl.hdl.stream import bit, bus
from rtl.sat import layouts
from rtl.sat.config import SatConfig
from rtl.sat.update.sore_half import sore_half


@waives(
    UNUSEDSIGNAL="M is 4, 8 or 16: two of its bits tell which",
    WIDTH="single bits are counted, and a shorter item stands in a longer one",
)
@module
def sore_word(clk, rst, valid, word, n, m, done, kept, config):
    """Keep the N largest magnitudes of each M elements, largest_m elements a cycle.

    valid        in   `word` is to be reduced
    word         in   largest_m elements, FP16, the first in the low bits: largest_m / M groups
    n, m         in   N in 1, 2, 4 and M in 4, 8, 16, N < M <= largest_m; steady in a word's cycle and the next
    done         out  a word's result stands in `kept`
    kept         out  largest_m / 4 groups, the first in the low bits, of four layouts.weight, indices ascending;
                      those beyond N, and groups beyond largest_m / M, are 0
    Latency      2 cycles (SORE_WORD)
    Throughput   1 word per cycle
    Reset        synchronous, active high: forgets the words in flight
    Golden       rtl/golden/nm.py, nm_pairs
    """
    index_bits, entry_bits = layouts.index_bits(config), layouts.weight(config).width
    entry_count = config.largest_m
    f, magnitude = layouts.sore_candidate(), layouts.half().span("fraction", "exponent")
    in_half = f.span("value", "index")  # what is left of a candidate: its value, its index among eight
    item = Layout(inner=in_half.width, half=1)  # and among 16
    best_bits = 4 * f.width

    elements = bus(256)  # the word; zeros for the elements that a shorter one lacks
    quads = bit()  # M is 4
    single = bit()  # M is largest_m: the word is one group
    halves = [bus(128) for _ in range(2)]
    best = [bus(best_bits) for _ in range(2)]
    both = bus(2 * best_bits)
    candidates = [bus(f) for _ in range(8)]
    inner = [bus(in_half.width) for _ in range(8)]
    items = [bus(item) for _ in range(8)]
    selected = bus(8)
    moved = [bus(item) for _ in range(8)]  # the selected of each half, together
    groups = [bus(item) for _ in range(16)]
    entries = [bus(entry_bits) for _ in range(entry_count)]
    ranked = bit()  # a word's candidates stand in `best`

    @always_comb
    def widen():
        elements.next = word
        quads.next = m[2] or config.largest_m == 4
        single.next = m[index_bits]

    @always_comb
    def select():
        behind = intbv(0)[32:]  # bit 4 k + i: candidate i of the other half goes before candidate k
        place = intbv(0)[3:]
        for i in range(4):
            for j in range(4):
                wins = (
                    candidates[4 + j][magnitude.high :] > candidates[i][magnitude.high :]
                    and not candidates[i][f.unbeaten_bit]
                )
                behind[4 * i + j] = single and wins
                behind[16 + 4 * j + i] = single and not wins
        for k in range(8):
            place[:] = (
                candidates[k][f.rank_high : f.rank_low]
                + behind[4 * k]
                + behind[4 * k + 1]
                + behind[4 * k + 2]
                + behind[4 * k + 3]
            )
            selected.next[k] = place < n

    @always_comb
    def move():
        first = intbv(0)[2:]  # the places of the first two that are selected in a half
        second = intbv(0)[2:]
        for h in range(0, 8, 4):
            first[:] = 3
            second[:] = 3
            if selected[h]:
                first[:] = 0
            elif selected[h + 1]:
                first[:] = 1
            elif selected[h + 2]:
                first[:] = 2
            if selected[h] and selected[h + 1]:
                second[:] = 1
            elif (selected[h] or selected[h + 1]) and selected[h + 2]:
                second[:] = 2
            moved[h].next = items[h + first]
            moved[h + 1].next = items[h + second]
            moved[h + 2].next = items[h + 3]
            if selected[h] and selected[h + 1] and selected[h + 2]:
                moved[h + 2].next = items[h + 2]
            moved[h + 3].next = items[h + 3]

    @always_comb
    def group():
        seen = intbv(0)[4:]
        for k in range(4):
            if selected[k]:
                seen[:] = concat(seen[3:], True)
        for j in range(4):  # the left half's, then the right one's
            groups[j].next = moved[4 + j]
            for d in range(j):
                if seen[d]:
                    groups[j].next = moved[3 + j - d]
            if seen[j]:
                groups[j].next = moved[j]
        for g in range(1, 4):  # two of each four
            groups[4 * g].next = items[2 * g + 1][f.index_high - 1 :]
            if selected[2 * g]:
                groups[4 * g].next = items[2 * g][f.index_high - 1 :]
            groups[4 * g + 1].next = items[2 * g + 1][f.index_high - 1 :]
            groups[4 * g + 2].next = 0
            groups[4 * g + 3].next = 0
        if not quads:
            for j in range(4):
                groups[4 + j].next = moved[4 + j][f.index_high :]

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
    wires = (
        split(elements, halves),
        join(best, both),
        split(both, candidates),
        [unpack(Layout(inner=in_half.width), candidates[k], inner=inner[k]) for k in range(8)],
        [pack(item, items[k], inner=inner[k], half=k // 4) for k in range(8)],
        join(entries, kept),
    )
    return widen, reduction, wires, select, move, group, keep


def ports(config: SatConfig) -> dict:
    """Fresh ports of a `sore_word`, by name."""
    return dict(
        clk=bit(),
        rst=bit(),
        valid=bit(),
        word=bus(layouts.halves_bits(config)),
        n=bus(layouts.update(config), "n"),
        m=bus(layouts.update(config), "m"),
        done=bit(),
        kept=bus(config.largest_m * layouts.weight(config).width),
    )
