"""An adder of the lowest level, which sends something to both sides: the sum of its lanes, or each its own."""

from myhdl import Signal, always, always_comb, intbv

from rtl import timing
from rtl.fp32_add import fp32_add
from rtl.hierarchy import module, waives
from rtl.sigma.delay_line import delay_line
from rtl.sigma.fan_adder import MINUS_ZERO

LATENCY = timing.ACCUMULATE


@waives(WIDTH="operands are as wide as they are, and results are cut to their signal")
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
    addend, sum_out, passed = (Signal(intbv(0)[32:]) for _ in range(3))
    added = Signal(bool(0))

    @always_comb
    def gate():
        if add:
            addend.next = right
        else:
            addend.next = MINUS_ZERO

    @always(clk.posedge)
    def take():
        leftward.next = sum_out
        if added:
            rightward.next = sum_out
        else:
            rightward.next = passed

    adder = fp32_add(clk, left, addend, sum_out)
    delays = (delay_line(clk, right, passed, 32, timing.FP32_ADD), delay_line(clk, add, added, 1, timing.FP32_ADD))
    return gate, adder, delays, take
