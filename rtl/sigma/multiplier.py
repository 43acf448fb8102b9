"""A lane's multiplier: the product of two values, or +0 where one of them is zero, which is not multiplied."""

from myhdl import always, always_comb, concat

from rtl.float.fp16_mul import fp16_mul
from rtl.float.fp32_mul import fp32_mul
from rtl.hdl.hierarchy import module
from rtl.hdl.lanes import pack
from rtl.hdl.layout import Layout
from rtl.hdl.stream import bit, bus
from rtl.sigma import layouts, timing


@module
def multiplier(clk, stationary, streamed, product, bf16):
    """Multiply two FP16 numbers, exactly; or with bf16 = 1 two bfloat16 numbers, rounded to FP32 as IEEE 754 says.

    stationary  in   the value that the lane holds; zero where it holds none
    streamed    in   the value from the Benes network
    product     out  FP32, every NaN 0x7FC00000; +0 where either is +0 or -0, for zeros are not multiplied, not even by
                     infinity
    Latency     2 cycles, with bf16 5 (timing.MULTIPLY)
    Throughput  1 product per cycle
    Reset       none: a pipeline without state
    Golden      rtl/golden/sigma.py, products
    """
    f = layouts.operand()
    cycles = timing.MULTIPLY["bf16" if bf16 else "fp16"]
    exact = bus(32)
    absent = bus(cycles)  # of the products under way, the youngest in the low bit

    @always(clk.posedge)
    def track():
        absent.next = concat(
            absent[cycles - 1 :],
            stationary[f.magnitude_high : f.magnitude_low] == 0 or streamed[f.magnitude_high : f.magnitude_low] == 0,
        )

    @always_comb
    def drive():
        if absent[cycles - 1]:
            product.next = 0
        else:
            product.next = exact

    if not bf16:
        return track, drive, fp16_mul(clk, stationary, streamed, exact)
    wide = Layout(below=32 - layouts.OPERAND, value=layouts.OPERAND)  # bfloat16 is the upper half of FP32
    wide_stationary, wide_streamed, rounded = bus(wide), bus(wide), bus(32)

    @always(clk.posedge)
    def hold():
        exact.next = rounded

    widen = (
        pack(wide, wide_stationary, value=stationary, below=0),
        pack(wide, wide_streamed, value=streamed, below=0),
    )
    return track, drive, widen, hold, fp32_mul(clk, wide_stationary, wide_streamed, rounded)


def ports() -> dict:
    """Fresh ports of a `multiplier`, by name."""
    return dict(
        clk=bit(),
        stationary=bus(layouts.operand()),
        streamed=bus(layouts.operand()),
        product=bus(32),
    )
