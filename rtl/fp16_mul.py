"""FP16 times FP16, exactly, as FP32."""

from myhdl import Signal, always, concat, intbv

from rtl import timing
from rtl.formats import FP32_NAN
from rtl.hierarchy import module, waives

LATENCY = timing.FP16_MUL


@waives(
    BLKSEQ="a clocked process assigns to variables of its own",
    WIDTH="operands are as wide as they are, and results are cut to their signal",
)
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
    significand = Signal(intbv(0)[22:])  # 11 x 11 bits
    exponent = Signal(intbv(0)[8:])  # that of bit 21, as FP32 counts it
    sign = Signal(bool(0))
    special = Signal(bool(0))  # an operand is infinite or NaN
    nan = Signal(bool(0))

    @always(clk.posedge)
    def multiply():
        left = concat(True, a[10:])
        right = concat(True, b[10:])
        high = concat(a[15:10])
        low = concat(b[15:10])
        # A subnormal has no hidden bit, and the exponent of the smallest normal, 1.
        if high == 0:
            left[:] = a[10:]
            high[:] = 1
        if low == 0:
            right[:] = b[10:]
            low[:] = 1
        significand.next = left * right
        exponent.next = high + low + 98  # the value is 1.f * 2^(high + low - 29), and FP32's bias is 127
        sign.next = a[15] ^ b[15]
        special.next = high == 31 or low == 31
        nan.next = (high == 31 and a[10:] != 0) or (low == 31 and b[10:] != 0)

    @always(clk.posedge)
    def normalise():
        # The leading one goes to bit 21, first by groups of four places, then by places; FP32 has the exponents for it.
        coarse = intbv(0)[3:]
        fine = intbv(0)[2:]
        shifted = intbv(0)[22:]
        biased = intbv(0)[8:]  # stays 0 for zero
        if significand[22:18] != 0:
            coarse[:] = 0
        elif significand[18:14] != 0:
            coarse[:] = 1
        elif significand[14:10] != 0:
            coarse[:] = 2
        elif significand[10:6] != 0:
            coarse[:] = 3
        elif significand[6:2] != 0:
            coarse[:] = 4
        else:
            coarse[:] = 5
        shifted[:] = significand << concat(coarse, intbv(0)[2:])
        if shifted[21]:
            fine[:] = 0
        elif shifted[20]:
            fine[:] = 1
        elif shifted[19]:
            fine[:] = 2
        else:
            fine[:] = 3
        shifted[:] = shifted << fine
        if shifted[21]:
            biased[:] = exponent - concat(coarse, fine)
        if special:
            if nan or not shifted[21]:  # without a leading one it is infinity times zero
                product.next = FP32_NAN
            else:
                product.next = concat(sign, intbv(0x7F800000)[31:])
        else:
            product.next = concat(sign, biased, shifted[21:], intbv(0)[2:])

    return multiply, normalise
