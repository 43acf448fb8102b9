"""Golden model of fp32_to_fp16, in plain integers; and for arrays, in NumPy."""

import numpy as np

from rtl.float.formats import FP16, FP16_NAN, FP32
from rtl.golden.exact import round_exact
from rtl.golden.floats import unpack


def fp32_to_fp16(bits: int) -> int:
    """FP32 to FP16, to nearest even, subnormals kept, overflow to infinity. Every NaN is 0x7E00."""
    x = unpack(bits, FP32)
    if x.nan:
        return FP16_NAN
    if x.infinite:
        return x.sign << 15 | FP16.infinity
    return round_exact(x.sign, x.significand, x.power, FP16)


def to_fp16(values: np.ndarray) -> np.ndarray:
    """values, any float dtype and shape, rounded once to float16; every NaN is 0x7E00."""
    with np.errstate(over="ignore", invalid="ignore"):
        half = np.ascontiguousarray(values, np.float16)
    nan = np.isnan(half)
    if nan.any():
        half = half.copy()
        half.view(np.uint16)[nan] = FP16_NAN
    return half
