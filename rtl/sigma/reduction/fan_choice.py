"""The wires that the adders of one level of the FAN take."""

from myhdl import always_comb, intbv

from rtl.hdl.hierarchy import module
from rtl.hdl.lanes import join, pack
from rtl.hdl.stream import bus
from rtl.sigma import layouts


@module
def fan_choice(spans, choices, level, lanes):
    """Select the wires of one level's adders, level >= 2; see fan_control for where they lie.

    On the left of lane a a run ends inside the reach 2^j of some level j: its sum up to there comes from the highest
    level whose reach it fills. So too on the right of lane a + 1.

    spans       in   as in fan_spans
    choices     out  layouts.choice of each adder, the left one in the low bits
    Latency     0, combinational
    Golden      none of its own; rtl/golden/fan.py through the network
    """
    reach, step = 1 << level, 2 << level
    f = layouts.choice(level)
    count, row, bits = lanes // step, lanes + 1, f.bits("left")
    lefts, rights = ([bus(bits) for _ in range(count)] for _ in range(2))

    @always_comb
    def select():
        left = intbv(0)[bits:]
        right = intbv(0)[bits:]
        for k in range(count):
            left[:] = 0
            right[:] = 0
            for j in range(1, level):
                if spans[row * j + step * k + reach - (1 << j)]:
                    left[:] = left + 1
                if spans[row * j + step * k + reach + 1]:
                    right[:] = right + 1
            lefts[k].next = left
            rights[k].next = right

    words = [bus(f) for _ in range(count)]
    packs = [pack(f, words[k], left=lefts[k], right=rights[k]) for k in range(count)]
    return select, packs, join(words, choices)


def ports(level: int, lanes: int) -> dict:
    """Fresh ports of a `fan_choice`, by name."""
    return dict(
        spans=bus((lanes + 1) * (lanes.bit_length() - 1)),
        choices=bus((lanes >> level + 1) * layouts.choice(level).width),
    )
