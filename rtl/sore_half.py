"""The first step of a word's N:M selection: eight elements are ranked, and half of them go on."""
from myhdl import Signal, always, always_comb, concat, intbv

from rtl import words
from rtl.hierarchy import module
from rtl.lanes import join, split


@module
def sore_half(clk, word, quads, best):
    """Find the four largest magnitudes of eight, or the two largest of each four.

    word         in   eight elements, FP16, the first in the low bits
    quads        in   whether it is two groups of four
    best         out  four words.survivor, indices ascending, the first in the low bits
    Latency      1 cycle
    Throughput   1 word per cycle
    Reset        none
    Golden       none of its own; rtl/golden/nm.py through sore_word
    """
    item_bits = words.survivor().width

    lanes = [Signal(intbv(0)[16:]) for _ in range(8)]
    nan = [Signal(bool(0)) for _ in range(8)]
    beaten = [Signal(intbv(0)[8:]) for _ in range(8)]       # bit d of element i: element i ^ d goes before it
    items = [Signal(intbv(0)[item_bits:]) for _ in range(8)]
    chosen = Signal(intbv(0)[8:])
    reached = [Signal(intbv(0)[4:]) for _ in range(8)]      # bit j of element i: more than j are chosen up to it
    picked = [Signal(intbv(0)[item_bits:]) for _ in range(4)]
    gathered = Signal(intbv(0)[4 * item_bits:])

    @always_comb
    def classify():
        for i in range(8):
            nan[i].next = lanes[i][15:10] == 31 and lanes[i][10:] != 0

    @always_comb
    def compare():
        for i in range(8):
            for j in range(i + 1, 8):
                wins = lanes[j][15:] > lanes[i][15:] and not nan[i]     # a tie is the older one's
                beaten[i].next[i ^ j] = wins
                beaten[j].next[i ^ j] = not wins

    @always_comb
    def rank():
        row = intbv(0)[8:]
        place = intbv(0)[3:]
        number = intbv(0)[3:]
        for i in range(8):
            number[:] = i
            row[:] = beaten[i]
            if quads:
                row[:] = beaten[i] & 0x0E | 0xC0        # two more go before it, so that of each four two are below 4
            place[:] = row[1] + row[2] + row[3] + row[4] + row[5] + row[6] + row[7]
            chosen.next[i] = place < 4
            items[i].next = concat(place[2:], nan[i], number, lanes[i])

    @always_comb
    def count():
        seen = intbv(0)[4:]
        for i in range(8):
            if chosen[i]:
                seen[:] = concat(seen[3:], True)
            reached[i].next = seen

    @always_comb
    def pick():
        for j in range(4):
            picked[j].next = items[j + 4]
            for d in range(4):
                if reached[j + 3 - d][j]:
                    picked[j].next = items[j + 3 - d]

    @always(clk.posedge)
    def keep():
        best.next = gathered

    return split(word, lanes), classify, compare, rank, count, pick, join(picked, gathered), keep
