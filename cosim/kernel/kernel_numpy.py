"""The kernel where there is no compiler: the goldens, and an im2col matrix a block at a time."""

import numpy as np

from cosim.im2col import Im2col
from rtl.golden import gemm, nm_mask, to_fp16
from rtl.sparsity import Sparsity
from tlm.feature_map import FeatureMap

BLOCK = 1 << 18  # elements of the im2col matrix that exist at a time, unless a row has more


def gemm_in_numpy(
    a: np.ndarray, b: np.ndarray, sparsity: Sparsity | None, output: str, source: FeatureMap | None
) -> np.ndarray:
    """c (M, N) as kernel.gemm gives it, of operands that it has checked."""
    if sparsity:
        b = np.where(nm_mask(b, sparsity.n, sparsity.m), b, np.float16(0))
    if source is None:
        c = gemm(a, b)
    else:
        depth = source.channels if source.transposed else b.shape[0] // (source.kernel[0] * source.kernel[1])
        matrix, height = Im2col(a, source, depth, source.transposed), max(1, BLOCK // b.shape[0])
        c = np.concatenate([gemm(matrix[top : top + height, :], b) for top in range(0, matrix.shape[0], height)])
    return to_fp16(c) if output == "fp16" else c
