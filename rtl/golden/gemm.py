"""The arithmetic contract of a GEMM, in NumPy: ascending k, one FP32 rounding an addition."""

import numpy as np

from rtl.float.formats import FP32_NAN

_BLOCK = 1 << 15  # elements of an accumulator block that stays in the cache while k runs


def gemm(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """c = a @ b with acc = round(acc + a[k] * b[k]) for ascending k.

    a, b     (M, K) and (K, N) float16; pruned weights are zeros of b, and are multiplied as zeros
    Returns  (M, N) float32; every NaN is 0x7FC00000
    Raises ValueError for operands that are not float16, or that disagree in K.
    """
    for operand in (a, b):
        if operand.dtype != np.float16:
            raise ValueError(f"operands must be float16, whose products are exact, not {operand.dtype}")
    if a.shape[1] != b.shape[0]:
        raise ValueError(f"a and b must agree in K, not {a.shape[1]} and {b.shape[0]}")
    # FP16 products are exact in FP32, so NumPy's product and sum round just once together.
    wide_a, wide_b = a.astype(np.float32), b.astype(np.float32)
    c = np.zeros((a.shape[0], b.shape[1]), np.float32)
    height = max(1, _BLOCK // max(1, c.shape[1]))
    with np.errstate(invalid="ignore", over="ignore"):
        for top in range(0, c.shape[0], height):
            acc, columns = c[top : top + height], np.ascontiguousarray(wide_a[top : top + height].T)
            product = np.empty_like(acc)
            for column, row in zip(columns, wide_b, strict=True):
                np.multiply(column[:, None], row, out=product)
                acc += product
    c.view(np.uint32)[np.isnan(c)] = FP32_NAN
    return c
