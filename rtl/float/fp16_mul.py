"""FP16 times FP16, exactly, as FP32."""

from myhdl import always, always_comb, concat, intbv

from rtl import timing
from rtl.float.formats import FP16, FP32, FP32_NAN
from rtl.hdl.hierarchy import module, waives
from rtl.hdl.stream import bit, bus

LATENCY = timing.FP16_MUL


@waives(WIDTH="factors, and a sum and a difference of exponents, are narrower than their result")
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
    f, infinity = FP16.layout, FP32.infinity
    left, right = bus(11), bus(11)  # significands of the factors
    high, low = bus(f, "exponent"), bus(f, "exponent")  # their exponents
    significand = bus(22)  # 11 x 11 bits
    exponent = bus(8)  # that of bit 21, as FP32 counts it
    sign = bit()
    special = bit()  # an operand is infinite or NaN
    nan = bit()
    shifted, biased = bus(22), bus(8)  # with the leading one at bit 21, and then its exponent: 0 for zero

    @always_comb
    def unpack():
        # A subnormal has no hidden bit, and the exponent of the smallest normal, 1.
        left.next = concat(True, a[f.fraction_high : f.fraction_low])
        right.next = concat(True, b[f.fraction_high : f.fraction_low])
        high.next = a[f.exponent_high : f.exponent_low]
        low.next = b[f.exponent_high : f.exponent_low]
        if a[f.exponent_high : f.exponent_low] == 0:
            left.next = concat(False, a[f.fraction_high : f.fraction_low])
            high.next = 1
        if b[f.exponent_high : f.exponent_low] == 0:
            right.next = concat(False, b[f.fraction_high : f.fraction_low])
            low.next = 1

    @always(clk.posedge)
    def multiply():
        significand.next = left * right
        exponent.next = high + low + 98  # the value is 1.f * 2^(high + low - 29), and FP32's bias is 127
        sign.next = a[f.sign_bit] ^ b[f.sign_bit]
        special.next = high == 31 or low == 31
        nan.next = (high == 31 and a[f.fraction_high : f.fraction_low] != 0) or (
            low == 31 and b[f.fraction_high : f.fraction_low] != 0
        )

    @always_comb
    def normalise():
        # The leading one goes to bit 21, first by groups of four places, then by places; FP32 has the exponents for it.
        coarse = intbv(0)[3:]
        fine = intbv(0)[2:]
        window = intbv(0)[22:]
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
        window[:] = significand << concat(coarse, intbv(0)[2:])
        if window[21]:
            fine[:] = 0
        elif window[20]:
            fine[:] = 1
        elif window[19]:
            fine[:] = 2
        else:
            fine[:] = 3
        window[:] = window << fine
        shifted.next = window
        biased.next = 0
        if window[21]:
            biased.next = exponent - concat(coarse, fine)

    @always(clk.posedge)
    def select():
        if special:
            if nan or not shifted[21]:  # without a leading one it is infinity times zero
                product.next = FP32_NAN
            else:
                product.next = concat(sign, intbv(infinity)[31:])
        else:
            product.next = concat(sign, biased, shifted[21:], intbv(0)[2:])

    return unpack, multiply, normalise, select


def ports() -> dict:
    """Fresh ports of an `fp16_mul`, by name."""
    return dict(clk=bit(), a=bus(16), b=bus(16), product=bus(32))
