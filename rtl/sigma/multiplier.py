"""A lane's multiplier: a product of two values, or nothing where one of them is zero."""

from myhdl import always, always_comb, concat, intbv

from rtl.fp16_mul import fp16_mul
from rtl.fp32_mul import fp32_mul
from rtl.hierarchy import module
from rtl.sigma import layouts, timing
from rtl.stream import bit, bus


@module
def multiplier(clk, stationary, streamed, product, bf16):
    """Multiply two FP16 numbers, exactly; or with bf16 = 1 two bfloat16 numbers, rounded to FP32 as IEEE 754 says.

    stationary  in   what stays in the lane; a lane without a value holds zero
    streamed    in   what the Benes network brings
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
    def watch():
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
        return watch, drive, fp16_mul(clk, stationary, streamed, exact)
    wide_stationary, wide_streamed, rounded = (bus(32) for _ in range(3))

    @always_comb
    def widen():
        wide_stationary.next = concat(stationary, intbv(0)[16:])
        wide_streamed.next = concat(streamed, intbv(0)[16:])

    @always(clk.posedge)
    def take():
        exact.next = rounded

    return watch, drive, widen, take, fp32_mul(clk, wide_stationary, wide_streamed, rounded)


def ports() -> dict:
    """Fresh ports of a `multiplier`, by name."""
    return dict(
        clk=bit(),
        stationary=bus(layouts.operand()),
        streamed=bus(layouts.operand()),
        product=bus(32),
    )
