"""FP16 times FP16, exactly, as FP32."""
from myhdl import Signal, always, concat, intbv

from rtl import timing
from rtl.golden.floats import FP32_NAN
from rtl.hierarchy import module

LATENCY = timing.FP16_MUL


@module
def fp16_mul(clk, a, b, product):
    """Multiply two FP16 numbers; the product fits FP32 exactly, so nothing is rounded.

    a, b        in   FP16, subnormals, infinities and NaN included
    product     out  FP32; every NaN is 0x7FC00000
    Latency     2 cycles (LATENCY)
    Throughput  1 product per cycle
    Reset       none: a pipeline without state
    Golden      rtl/golden/fp16_mul.py
    """
    significand = Signal(intbv(0)[22:])      # 11 x 11 bits
    exponent = Signal(intbv(0)[6:])          # sum of two biased exponents, 2..62
    sign = Signal(bool(0))
    infinite = Signal(bool(0))
    invalid = Signal(bool(0))

    @always(clk.posedge)
    def multiply():
        a_normal = intbv(0)[1:]
        b_normal = intbv(0)[1:]
        a_normal[:] = a[15:10] != 0
        b_normal[:] = b[15:10] != 0
        significand.next = concat(a_normal, a[10:]) * concat(b_normal, b[10:])
        # A subnormal has the exponent of the smallest normal, 1.
        exponent.next = a[15:10] + b[15:10] + (not a_normal) + (not b_normal)
        sign.next = a[15] ^ b[15]
        infinite.next = a[15:10] == 31 or b[15:10] == 31
        invalid.next = a[15:] > 0x7C00 or b[15:] > 0x7C00 or \
            (a[15:] == 0x7C00 and b[15:] == 0) or (a[15:] == 0 and b[15:] == 0x7C00)

    @always(clk.posedge)
    def normalise():
        # The leading one moves to bit 21; there the value is 1.f * 2^(exponent - 29), and FP32's bias is 127.
        shifted = intbv(0)[22:]
        biased = intbv(0)[8:]
        shifted[:] = significand
        biased[:] = exponent + 98
        if shifted[22:6] == 0:
            shifted[:] = concat(shifted[6:], intbv(0)[16:])
            biased[:] = biased - 16
        if shifted[22:14] == 0:
            shifted[:] = concat(shifted[14:], intbv(0)[8:])
            biased[:] = biased - 8
        if shifted[22:18] == 0:
            shifted[:] = concat(shifted[18:], intbv(0)[4:])
            biased[:] = biased - 4
        if shifted[22:20] == 0:
            shifted[:] = concat(shifted[20:], intbv(0)[2:])
            biased[:] = biased - 2
        if not shifted[21]:
            shifted[:] = concat(shifted[21:], intbv(0)[1:])
            biased[:] = biased - 1
        if invalid:
            product.next = FP32_NAN
        elif infinite:
            product.next = concat(sign, intbv(0x7F800000)[31:])
        elif significand == 0:
            product.next = concat(sign, intbv(0)[31:])
        else:
            product.next = concat(sign, biased, shifted[21:], intbv(0)[2:])

    return multiply, normalise
