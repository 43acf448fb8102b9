"""Control of one level of the FAN: the adders that add, and those whose sum is complete."""

from myhdl import always_comb

from rtl.hdl.hierarchy import module
from rtl.hdl.stream import bus


@module
def fan_control(spans, alone, adds, complete, level, lanes):
    """Control one level's adders; adder k of level l lies between the lanes a and a + 1, a = (2 k + 1) 2^l - 1.

    spans, alone  in   as in fan_spans
    adds          out  a bit for each adder, the left one in the low bit: lanes a and a + 1 belong to one run
    complete      out  the same: it makes the last addition of a run, or lane a is a run of its own, which passes
    Latency       0, combinational
    Golden        none of its own; rtl/golden/fan.py through the network
    """
    reach, step = 1 << level, 2 << level
    count, row = lanes // step, level * (lanes + 1)  # the row of spans that are as long as the adder reaches

    @always_comb
    def decide():
        for k in range(count):
            adds.next[k] = spans[step * k + reach]
            complete.next[k] = alone[step * k + reach - 1] or (
                spans[step * k + reach] and not spans[row + step * k] and not spans[row + step * k + reach + 1]
            )

    return decide


def ports(level: int, lanes: int) -> dict:
    """Fresh ports of a `fan_control`, by name."""
    return dict(
        spans=bus((lanes + 1) * (lanes.bit_length() - 1)),
        alone=bus(lanes),
        adds=bus(lanes >> level + 1),
        complete=bus(lanes >> level + 1),
    )
