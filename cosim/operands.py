"""What a user gives as a GEMM's operands, checked, and b pruned."""

import numpy as np

from cosim.exchange import Operands
from cosim.im2col import Im2col
from cosim.kernel import prune
from tlm import Gemm
from tlm.feature_map import FeatureMap

DTYPES = {"fp16": np.float16, "bf16": np.float32}  # of arrays that hold operands of a form


def operands_of(gemm: Gemm, a: np.ndarray, b: np.ndarray, as_given: bool = False, form: str = "fp16") -> Operands:
    """The operands of a GEMM; arrays or, where it has a source, images. Raises ValueError for others.

    as_given  b is not pruned
    form      of matrices: 'fp16', or 'bf16', which float32 arrays hold
    """
    count = (gemm.count,) if gemm.count > 1 else ()
    a = _given(a, "a", gemm.source, gemm.k, bool(gemm.source and gemm.source.transposed), len(count), form)
    b = _given(b, "b", gemm.source_b, gemm.k, True, len(count), form)
    wanted = (*count, gemm.m, gemm.k), (*count, gemm.k, gemm.n)
    if (a.shape, b.shape) != wanted:
        raise ValueError(
            f"operands of a {gemm.m} x {gemm.k} x {gemm.n} GEMM must be {wanted[0]} and {wanted[1]}, "
            f"not {a.shape} and {b.shape}"
        )
    if as_given or not gemm.sparsity:
        return Operands(a, b)
    if isinstance(b, Im2col):
        # Along the channels of each pixel: groups of the matrix never straddle two kernel positions.
        b = Im2col(prune(b.images, gemm.sparsity.n, gemm.sparsity.m, axis=3), b.source, b.depth, b.transposed)
    else:
        b = prune(b, gemm.sparsity.n, gemm.sparsity.m, axis=b.ndim - 2)
    return Operands(a, b)


def matrix(array: np.ndarray, name: str, form: str = "fp16", dimensions: int = 2) -> np.ndarray:
    """The array itself. Raises ValueError unless it holds numbers of the form and has so many dimensions."""
    array, dtype = np.asarray(array), DTYPES[form]
    if array.dtype != dtype or array.ndim != dimensions:
        raise ValueError(
            f"operand {name} must be a {np.dtype(dtype)} matrix, not {array.dtype} with {array.ndim} dimensions"
        )
    if form == "bf16":
        rest = np.ascontiguousarray(array).view(np.uint32) & 0xFFFF
        if rest.any():
            where = tuple(map(int, np.argwhere(rest)[0]))
            raise ValueError(f"operand {name} must hold bfloat16 numbers, not {array[where]!r} at {where}")
    return array


def _given(
    array: np.ndarray, name: str, source: FeatureMap | None, k: int, transposed: bool, extra: int, form: str
) -> np.ndarray | Im2col:
    if source and np.ndim(array) == 4:
        depth = source.channels if source.transposed else k // (source.kernel[0] * source.kernel[1])
        return Im2col(np.asarray(array), source, depth, transposed)
    return matrix(array, name, form, 2 + extra)
