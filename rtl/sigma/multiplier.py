"""A lane's multiplier: a product of two values, or nothing where one of them is zero."""

from myhdl import Signal, always, always_comb, concat, intbv

from rtl.fp16_mul import fp16_mul
from rtl.fp32_mul import fp32_mul
from rtl.hierarchy import module
from rtl.sigma import timing


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
    cycles = timing.MULTIPLY["bf16" if bf16 else "fp16"]
    exact = Signal(intbv(0)[32:])
    absent = Signal(intbv(0)[cycles:])  # of the products under way, the youngest in the low bit

    @always(clk.posedge)
    def watch():
        absent.next = concat(absent[cycles - 1 :], stationary[15:] == 0 or streamed[15:] == 0)

    @always_comb
    def mask():
        if absent[cycles - 1]:
            product.next = 0
        else:
            product.next = exact

    if not bf16:
        return watch, mask, fp16_mul(clk, stationary, streamed, exact)
    wide_stationary, wide_streamed, rounded = (Signal(intbv(0)[32:]) for _ in range(3))

    @always_comb
    def widen():
        wide_stationary.next = concat(stationary, intbv(0)[16:])
        wide_streamed.next = concat(streamed, intbv(0)[16:])

    @always(clk.posedge)
    def take():
        exact.next = rounded

    return watch, mask, widen, take, fp32_mul(clk, wide_stationary, wide_streamed, rounded)
