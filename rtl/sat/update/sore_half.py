"""Half a word's N:M selection: eight elements are ranked, and the better half of them goes on."""

from myhdl import always, always_comb, concat, intbv

from rtl.hdl.hierarchy import module, waives
from rtl.hdl.lanes import join, pack, split
from rtl.hdl.stream import bit, bus
from rtl.sat import layouts


@waives(WIDTH="single bits are counted")
@module
def sore_half(clk, valid, word, quads, best):
    """Find the four largest magnitudes of eight elements, or the two largest of each four.

    valid        in   `word` is to be ranked
    word         in   eight elements, FP16, the first in the low bits
    quads        in   whether they are two groups of four
    best         out  four layouts.sore_candidate, indices ascending, the first in the low bits, ranks within their
                      groups; they stand until the next word's
    Latency      1 cycle
    Throughput   1 word per cycle
    Reset        none
    Golden       none of its own; rtl/golden/nm.py through sore_word
    """
    f, half = layouts.sore_candidate(), layouts.half()
    magnitude = half.span("fraction", "exponent")

    lanes = [bus(16) for _ in range(8)]
    nan = [bit() for _ in range(8)]
    rank_of = [bus(f, "rank") for _ in range(8)]
    items = [bus(f) for _ in range(8)]
    reached = [bus(4) for _ in range(8)]  # bit j of element i: more than j are selected up to it
    selected = [bus(f) for _ in range(4)]

    @always_comb
    def classify():
        for i in range(8):
            nan[i].next = (
                lanes[i][half.exponent_high : half.exponent_low] == 31
                and lanes[i][half.fraction_high : half.fraction_low] != 0
            )

    @always_comb
    def rank():
        behind = intbv(0)[64:]  # bit 8 i + d: element i ^ d goes before element i
        place = intbv(0)[3:]
        seen = intbv(0)[4:]
        for i in range(8):
            for j in range(i + 1, 8):
                wins = (
                    lanes[j][magnitude.high :] > lanes[i][magnitude.high :] and not nan[i]
                )  # a tie is for the lower index
                behind[8 * i + (i ^ j)] = wins
                behind[8 * j + (i ^ j)] = not wins
            # As if two of the other four went before, the two best of a quad are below 4 too.
            place[:] = (
                behind[8 * i + 1]
                + behind[8 * i + 2]
                + behind[8 * i + 3]
                + (behind[8 * i + 4] and not quads)
                + (behind[8 * i + 5] and not quads)
                + (behind[8 * i + 6] or quads)
                + (behind[8 * i + 7] or quads)
            )
            if place < 4:
                seen[:] = concat(seen[3:], True)
            reached[i].next = seen
            rank_of[i].next = concat(place[1] and not quads, place[0])

    @always(clk.posedge)
    def select():
        if valid:
            for j in range(4):  # four of eight: the one with j before it is one of these five
                selected[j].next = items[j + 4]
                for d in range(4):
                    if reached[j + 3 - d][j]:
                        selected[j].next = items[j + 3 - d]

    wires = (
        split(word, lanes),
        [pack(f, items[i], value=lanes[i], index=i, unbeaten=nan[i], rank=rank_of[i]) for i in range(8)],
        join(selected, best),
    )
    return wires, classify, rank, select


def ports() -> dict:
    """Fresh ports of a `sore_half`, by name."""
    return dict(clk=bit(), valid=bit(), word=bus(128), quads=bit(), best=bus(4 * layouts.sore_candidate().width))
