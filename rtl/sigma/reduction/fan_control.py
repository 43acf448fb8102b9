"""Control of one level of the FAN: the adders that add."""

from myhdl import always_comb

from rtl.hdl.hierarchy import module
from rtl.hdl.stream import bus


@module
def fan_control(spans, adds, level, lanes):
    """Control one level's adders; adder k of level l lies between the lanes a and a + 1, a = (2 k + 1) 2^l - 1.

    spans       in   as in fan_spans
    adds        out  a bit for each adder, the left one in the low bit: lanes a and a + 1 belong to one run
    Latency     0, combinational
    Golden      none of its own; rtl/golden/fan.py through the network
    """
    reach, step = 1 << level, 2 << level
    count = lanes // step

    @always_comb
    def decide():
        for k in range(count):
            adds.next[k] = spans[step * k + reach]

    return decide


def ports(level: int, lanes: int) -> dict:
    """Fresh ports of a `fan_control`, by name."""
    return dict(
        spans=bus((lanes + 1) * (lanes.bit_length() - 1)),
        adds=bus(lanes >> level + 1),
    )
