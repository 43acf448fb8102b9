"""FP32 to FP16, rounded to nearest even."""

from myhdl import always_comb, concat, intbv

from rtl.float.formats import FP16, FP16_NAN, FP32
from rtl.float.fp_round import fp_round
from rtl.hdl.hierarchy import module, waives
from rtl.hdl.stream import bit, bus

LATENCY = 0
INFINITY, HALF_INFINITY = FP32.infinity, FP16.infinity


@waives(WIDTH="a difference of exponents is cut to the bits that it needs, and a mask is a shift of a constant")
@module
def fp32_to_fp16(single, half):
    """Convert: nearest, ties to even; subnormals kept; overflow to infinity.

    single      in   FP32
    half        out  FP16; every NaN is 0x7E00
    Latency     0, combinational
    Golden      rtl/golden/fp32_to_fp16.py
    """
    f = FP32.layout
    word = bus(15)
    guard = bit()
    sticky = bit()
    rounded = bus(15)

    @always_comb
    def align():
        # 24 bits of significand; FP16 keeps 11 of a normal, fewer of a subnormal (exponents up to 112).
        kept = intbv(0)[25:]
        places = intbv(0)[8:]
        exponent = intbv(0)[5:]
        word.next = 0
        guard.next = 0
        sticky.next = 0
        if single[f.exponent_high : f.exponent_low] > 142:
            word.next = HALF_INFINITY
        elif single[f.exponent_high : f.exponent_low] > 112:
            exponent[:] = single[f.exponent_high : f.exponent_low] - 112
            word.next = concat(exponent, single[23:13])
            guard.next = single[12]
            sticky.next = single[12:] != 0
        elif single[f.exponent_high : f.exponent_low] > 100:
            places[:] = 113 - single[f.exponent_high : f.exponent_low]
            kept[:] = concat(intbv(1)[1:], single[f.fraction_high :], intbv(0)[1:])
            sticky.next = (kept & ((1 << (places + 13)) - 1)) != 0
            kept[:] = kept >> (places + 13)
            word.next = kept[12:1]
            guard.next = kept[0]
        else:
            sticky.next = single[f.exponent_high :] != 0

    @always_comb
    def pack():
        if single[f.exponent_high :] > INFINITY:
            half.next = FP16_NAN
        else:
            half.next = concat(single[f.sign_bit], rounded)

    rounding = fp_round(word, guard, sticky, rounded, exponent_bits=5, fraction_bits=10)
    return align, pack, rounding


def ports() -> dict:
    """Fresh ports of an `fp32_to_fp16`, by name."""
    return dict(single=bus(32), half=bus(16))
