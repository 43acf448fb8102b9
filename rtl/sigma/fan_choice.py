"""Which wires the adders of a level take."""

from myhdl import Signal, always_comb, intbv

from rtl.hierarchy import module, waives
from rtl.lanes import join


def choice_bits(level: int) -> int:
    """Bits that name one of the levels below, level >= 2."""
    return (level - 1).bit_length()


@waives(WIDTH="operands are as wide as they are, and results are cut to their signal")
@module
def fan_choice(spans, choices, level, lanes):
    """Choose the wires of one level's adders, level >= 2; see fan_control for where they lie.

    On the left of lane a a run ends inside the reach 2^j of some level j: what it adds up to there comes from the
    highest level whose reach it fills. So too on the right of lane a + 1.

    spans       in   as in fan_spans
    choices     out  of each adder the level to take on the left, and above it the one on the right
    Latency     0, combinational
    Golden      none of its own; rtl/golden/fan.py through the network
    """
    reach, step = 1 << level, 2 << level
    count, row, bits = lanes // step, lanes + 1, choice_bits(level)
    lefts, rights = ([Signal(intbv(0)[bits:]) for _ in range(count)] for _ in range(2))

    @always_comb
    def choose():
        left = intbv(0)[bits:]
        right = intbv(0)[bits:]
        for k in range(count):
            left[:] = 0
            right[:] = 0
            for j in range(1, level):
                left[:] = left + spans[row * j + step * k + reach - (1 << j)]
                right[:] = right + spans[row * j + step * k + reach + 1]
            lefts[k].next = left
            rights[k].next = right

    return choose, join([side[k] for k in range(count) for side in (lefts, rights)], choices)
