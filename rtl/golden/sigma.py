"""The arithmetic of SIGMA's datapath, in NumPy: products of values, summed in the order of the adder network."""

from collections.abc import Sequence

import numpy as np

from rtl.float.formats import FP32_NAN
from rtl.golden.fan import fan


def products(stationary: np.ndarray, streamed: np.ndarray) -> np.ndarray:
    """Products of values, +0 where one is zero: zeros are not multiplied, not even by infinity.

    stationary, streamed  float16, whose products are exact; or float32 that hold bfloat16, whose products are rounded
                          once
    Returns               float32; a NaN may have any pattern
    """
    with np.errstate(all="ignore"):
        exact = stationary.astype(np.float32) * streamed.astype(np.float32)
    return np.where((stationary == 0) | (streamed == 0), np.float32(0), exact)


def sums(stationary: np.ndarray, streamed: np.ndarray, runs: Sequence[int | None]) -> tuple[np.ndarray, np.ndarray]:
    """What a Flex-DPE gives: the sum of each run's products, in its slot.

    stationary  (lanes,), streamed (..., lanes); runs as rtl/golden/fan.py takes them
    Returns     (sums float32 (..., lanes), complete bool (lanes,))
    """
    return fan(products(stationary, streamed), runs)


def add(old: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Sum of two float32 arrays, rounded once; every NaN is 0x7FC00000."""
    with np.errstate(all="ignore"):
        total = old + part
    total[np.isnan(total)] = np.uint32(FP32_NAN).view(np.float32)
    return total
