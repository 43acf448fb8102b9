"""An adder of the forwarding adder network: it adds, or lets the left operand pass."""

from myhdl import always, always_comb

from rtl import timing
from rtl.float.formats import FP32
from rtl.float.fp32_add import fp32_add
from rtl.hdl.hierarchy import module
from rtl.hdl.lanes import pack
from rtl.hdl.stream import bit, bus

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
    minus_zero = bus(32)  # x + -0 is x, for both zeros too
    addend, sum_out = (bus(32) for _ in range(2))

    @always_comb
    def select():
        if add:
            addend.next = right
        else:
            addend.next = minus_zero

    @always(clk.posedge)
    def drive():
        total.next = sum_out

    constant = pack(FP32.layout, minus_zero, sign=1, exponent=0, fraction=0)
    adder = fp32_add(clk, left, addend, sum_out)
    return select, constant, adder, drive


def ports() -> dict:
    """Fresh ports of a `fan_adder`, by name."""
    return dict(
        clk=bit(),
        left=bus(32),
        right=bus(32),
        add=bit(),
        total=bus(32),
    )
