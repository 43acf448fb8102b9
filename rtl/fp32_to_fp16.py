"""FP32 to FP16, rounded to nearest even."""

from myhdl import Signal, always_comb, concat, intbv

from rtl.formats import FP16_NAN
from rtl.fp_round import fp_round
from rtl.hierarchy import module, waives

LATENCY = 0
INFINITY = 0x7F800000


@waives(WIDTH="operands are as wide as they are, and results are cut to their signal")
@module
def fp32_to_fp16(single, half):
    """Convert: nearest, ties to even; subnormals kept; overflow to infinity.

    single      in   FP32
    half        out  FP16; every NaN is 0x7E00
    Latency     0, combinational
    Golden      rtl/golden/fp32_to_fp16.py
    """
    word = Signal(intbv(0)[15:])
    guard = Signal(bool(0))
    sticky = Signal(bool(0))
    rounded = Signal(intbv(0)[15:])

    @always_comb
    def align():
        # 24 bits of significand; FP16 keeps 11 of a normal, fewer of a subnormal (exponents up to 112).
        kept = intbv(0)[25:]
        places = intbv(0)[8:]
        exponent = intbv(0)[5:]
        word.next = 0
        guard.next = 0
        sticky.next = 0
        if single[31:23] > 142:
            word.next = 0x7C00
        elif single[31:23] > 112:
            exponent[:] = single[31:23] - 112
            word.next = concat(exponent, single[23:13])
            guard.next = single[12]
            sticky.next = single[12:] != 0
        elif single[31:23] > 100:
            places[:] = 113 - single[31:23]
            kept[:] = concat(intbv(1)[1:], single[23:], intbv(0)[1:])
            sticky.next = (kept & ((1 << (places + 13)) - 1)) != 0
            kept[:] = kept >> (places + 13)
            word.next = kept[12:1]
            guard.next = kept[0]
        else:
            sticky.next = single[31:] != 0

    @always_comb
    def pack():
        if single[31:] > INFINITY:
            half.next = FP16_NAN
        else:
            half.next = concat(single[31], rounded)

    rounding = fp_round(word, guard, sticky, rounded, exponent_bits=5, fraction_bits=10)
    return align, pack, rounding
