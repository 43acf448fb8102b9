"""What a column's result looks like when it leaves: FP32 as it is, or rounded to FP16."""
from myhdl import Signal, always_comb, concat, intbv

from rtl.fp32_to_fp16 import fp32_to_fp16
from rtl.hierarchy import module


@module
def result_lane(single, to_half, word):
    """Pass an FP32 sum, or round it to FP16 in the low half of the word.

    single      in   FP32
    to_half     in   whether to round
    word        out  32 bits
    Latency     0, combinational
    Golden      rtl/golden/fp32_to_fp16.py
    """
    half = Signal(intbv(0)[16:])

    @always_comb
    def choose():
        if to_half:
            word.next = concat(intbv(0)[16:], half)
        else:
            word.next = single

    rounding = fp32_to_fp16(single, half)
    return choose, rounding
