"""An adder of the forwarding adder network: it adds, or lets the left operand pass."""

from myhdl import Signal, always, always_comb, intbv

from rtl import timing
from rtl.fp32_add import fp32_add
from rtl.hierarchy import module, waives

LATENCY = timing.ACCUMULATE
MINUS_ZERO = 1 << 31  # x + -0 is x, for both zeros too


@waives(WIDTH="operands are as wide as they are, and results are cut to their signal")
@module
def fan_adder(clk, left, right, add, total):
    """Add both operands, or pass the left one on, for it is a run of one lane that ends here.

    left, right  in   FP32
    add          in   whether to add the right one
    total        out  FP32; every NaN is 0x7FC00000
    Latency      4 cycles (ACCUMULATE)
    Throughput   1 sum per cycle
    Reset        none: a pipeline without state
    Golden       rtl/golden/fp32_add.py
    """
    addend, sum_out = (Signal(intbv(0)[32:]) for _ in range(2))

    @always_comb
    def gate():
        if add:
            addend.next = right
        else:
            addend.next = MINUS_ZERO

    @always(clk.posedge)
    def take():
        total.next = sum_out

    adder = fp32_add(clk, left, addend, sum_out)
    return gate, adder, take
