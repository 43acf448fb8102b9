"""What a column's result looks like when it leaves: FP32 as it is, or rounded to FP16."""

from myhdl import Signal, always_comb, concat, intbv

from rtl.fp32_to_fp16 import fp32_to_fp16
from rtl.hierarchy import module


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
    half = Signal(intbv(0)[16:])

    @always_comb
    def choose():
        infinite.next = single[31:23] == 255
        if to_half:
            word.next = concat(intbv(0)[16:], half)
        else:
            word.next = single

    rounding = fp32_to_fp16(single, half)
    return choose, rounding
