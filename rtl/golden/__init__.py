"""Golden models: the results of each unit, bit by bit, in plain Python and NumPy, without a simulator."""

from rtl.golden.fan import fan
from rtl.golden.fp16_mul import fp16_mul
from rtl.golden.fp32_add import fp32_add
from rtl.golden.fp32_mul import fp32_mul
from rtl.golden.fp32_to_fp16 import fp32_to_fp16, to_fp16
from rtl.golden.fp_round import fp_round
from rtl.golden.gemm import gemm
from rtl.golden.nm import nm_compact, nm_mask, nm_pairs
from rtl.golden.sgd import Rates, sgd

__all__ = [
    "Rates",
    "fan",
    "fp16_mul",
    "fp32_add",
    "fp32_mul",
    "fp32_to_fp16",
    "fp_round",
    "gemm",
    "nm_compact",
    "nm_mask",
    "nm_pairs",
    "sgd",
    "to_fp16",
]
