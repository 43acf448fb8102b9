"""Latencies of the float units, in cycles, which every accelerator counts with: plain numbers, no simulator.

A test of each block fails on a word that comes too late or too early.
"""

FP16_MUL = 2  # rtl/float/fp16_mul.py
FP32_ADD = 3  # rtl/float/fp32_add.py
FP32_MUL = 4  # rtl/float/fp32_mul.py
ACCUMULATE = FP32_ADD + 1  # from an accumulator through the adder and back: the least turn
