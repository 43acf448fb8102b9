"""The format of a result that leaves: FP32 as it is, or rounded to FP16."""

from myhdl import always_comb, concat, intbv

from rtl.float.formats import FP32
from rtl.float.fp32_to_fp16 import fp32_to_fp16
from rtl.hdl.hierarchy import module
from rtl.hdl.stream import bit, bus


@module
def result_lane(single, to_half, word, infinite):
    """Pass an FP32 sum, or round it to FP16 in the low half of the word.

    single      in   FP32
    to_half     in   whether to round
    word        out  32 bits
    infinite    out  the sum is an infinity or NaN
    Latency     0, combinational
    Golden      rtl/golden/fp32_to_fp16.py
    """
    f, half = FP32.layout, bus(16)
    infinity = 2 ** f.bits("exponent") - 1

    @always_comb
    def select():
        infinite.next = single[f.exponent_high : f.exponent_low] == infinity
        if to_half:
            word.next = concat(intbv(0)[16:], half)
        else:
            word.next = single

    rounding = fp32_to_fp16(single, half)
    return select, rounding


def ports() -> dict:
    """Fresh ports of a `result_lane`, by name."""
    return dict(single=bus(32), to_half=bit(), word=bus(32), infinite=bit())
