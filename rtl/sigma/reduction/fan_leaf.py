"""An adder of the lowest level, which sends to both sides: the sum of its lanes, or to each side its own lane."""

from myhdl import always, always_comb

from rtl import timing
from rtl.float.formats import FP32
from rtl.float.fp32_add import fp32_add
from rtl.hdl.hierarchy import module
from rtl.hdl.lanes import pack
from rtl.hdl.stream import bit, bus
from rtl.sigma.delay_line import delay_line

LATENCY = timing.ACCUMULATE


@module
def fan_leaf(clk, left, right, add, leftward, rightward):
    """Add two lanes of one run; lanes of two runs pass, the left one leftward, the right one rightward.

    left, right  in   FP32
    add          in   whether they belong to one run
    leftward     out  FP32: the sum or `left`; every NaN is 0x7FC00000
    rightward    out  FP32: the sum or `right`, which passes as it is
    Latency      4 cycles (ACCUMULATE)
    Throughput   1 pair of lanes per cycle
    Reset        none: a pipeline without state
    Golden       rtl/golden/fp32_add.py
    """
    minus_zero = bus(32)  # x + -0 is x, for both zeros too
    addend, sum_out, passed = (bus(32) for _ in range(3))
    added = bit()

    @always_comb
    def select():
        if add:
            addend.next = right
        else:
            addend.next = minus_zero

    @always(clk.posedge)
    def drive():
        leftward.next = sum_out
        if added:
            rightward.next = sum_out
        else:
            rightward.next = passed

    constant = pack(FP32.layout, minus_zero, sign=1, exponent=0, fraction=0)
    adder = fp32_add(clk, left, addend, sum_out)
    delays = (delay_line(clk, right, passed, 32, timing.FP32_ADD), delay_line(clk, add, added, 1, timing.FP32_ADD))
    return select, constant, adder, delays, drive


def ports() -> dict:
    """Fresh ports of a `fan_leaf`, by name."""
    return dict(
        clk=bit(),
        left=bus(32),
        right=bus(32),
        add=bit(),
        leftward=bus(32),
        rightward=bus(32),
    )
