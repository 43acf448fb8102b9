"""Half a word's N:M selection: eight elements are ranked, and the better half of them goes on."""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl import words
from rtl.hierarchy import module, waives
from rtl.lanes import join, split


@waives(WIDTH="operands are as wide as they are, and results are cut to their signal")
@module
def sore_half(clk, valid, word, quads, best):
    """Find the four largest magnitudes of eight elements, or the two largest of each four.

    valid        in   `word` is to be ranked
    word         in   eight elements, FP16, the first in the low bits
    quads        in   whether they are two groups of four
    best         out  four words.survivor, indices ascending, the first in the low bits, ranks within their groups; they
                      stand until the next word's
    Latency      1 cycle
    Throughput   1 word per cycle
    Reset        none
    Golden       none of its own; rtl/golden/nm.py through sore_word
    """
    item_bits = words.survivor().width

    lanes = [Signal(intbv(0)[16:]) for _ in range(8)]
    items = [Signal(intbv(0)[item_bits:]) for _ in range(8)]
    reached = [Signal(intbv(0)[4:]) for _ in range(8)]  # bit j of element i: more than j are chosen up to it
    chosen = [Signal(intbv(0)[item_bits:]) for _ in range(4)]

    @always_comb
    def rank():
        behind = intbv(0)[64:]  # bit 8 i + d: element i ^ d goes before element i
        place = intbv(0)[3:]
        number = intbv(0)[3:]
        seen = intbv(0)[4:]
        for i in range(8):
            number[:] = i
            nan = lanes[i][15:10] == 31 and lanes[i][10:] != 0
            for j in range(i + 1, 8):
                wins = lanes[j][15:] > lanes[i][15:] and not nan  # a tie is for the lower index
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
            items[i].next = concat(place[1] and not quads, place[0], nan, number, lanes[i])

    @always(clk.posedge)
    def pick():
        if valid:
            for j in range(4):  # four of eight: the one with j before it is one of these five
                chosen[j].next = items[j + 4]
                for d in range(4):
                    if reached[j + 3 - d][j]:
                        chosen[j].next = items[j + 3 - d]

    return split(word, lanes), rank, pick, join(chosen, best)
