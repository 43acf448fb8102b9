"""An adder of the forwarding adder network: it adds, or lets the left operand pass."""

from myhdl import always, always_comb

from rtl import timing
from rtl.formats import FP32
from rtl.fp32_add import fp32_add
from rtl.hierarchy import module
from rtl.stream import bit, bus

LATENCY = timing.ACCUMULATE


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
    f = FP32.layout
    addend, sum_out = (bus(32) for _ in range(2))

    @always_comb
    def select():
        addend.next = right
        if not add:  # -0, for x + -0 is x, for both zeros too
            addend.next = 0
            addend.next[f.sign_bit] = True

    @always(clk.posedge)
    def drive():
        total.next = sum_out

    adder = fp32_add(clk, left, addend, sum_out)
    return select, adder, drive


def ports() -> dict:
    """Fresh ports of a `fan_adder`, by name."""
    return dict(
        clk=bit(),
        left=bus(32),
        right=bus(32),
        add=bit(),
        total=bus(32),
    )
