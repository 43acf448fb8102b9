"""Operands of programs: those that a user gives, checked, and b pruned; and whether they belong to a program."""

import numpy as np

from cosim.exchange import Operands, Weights
from cosim.im2col import Im2col
from cosim.kernel import prune
from rtl.golden import Rates
from tlm.feature_map import FeatureMap
from tlm.gemm import Gemm
from tlm.transactions import Program
from tlm.update import Update

DTYPES = {"fp16": np.float16, "bf16": np.float32}  # of arrays that hold operands of a form


def operands_of(gemm: Gemm, a: np.ndarray, b: np.ndarray, as_given: bool = False, form: str = "fp16") -> Operands:
    """The operands of a GEMM; arrays or, where it has a source, images. Raises ValueError for others.

    as_given  b is not pruned
    form      of matrices: 'fp16', or 'bf16', which float32 arrays hold
    """
    dimensions = 2 + (gemm.count > 1)
    a = _given(a, "a", gemm.source, gemm.k, bool(gemm.source and gemm.source.transposed), dimensions, form)
    b = _given(b, "b", gemm.source_b, gemm.k, True, dimensions, form)
    _check_shapes(gemm, a, b)
    if as_given or not gemm.sparsity:
        return Operands(a, b)
    if isinstance(b, Im2col):
        # Along the channels of each pixel: groups of the matrix never straddle two kernel positions.
        b = Im2col(prune(b.images, gemm.sparsity.n, gemm.sparsity.m, axis=3), b.source, b.depth, b.transposed)
    else:
        b = prune(b, gemm.sparsity.n, gemm.sparsity.m, axis=b.ndim - 2)
    return Operands(a, b)


def check_operands(program: Program, operands: Operands, form: str = "fp16") -> None:
    """Raise ValueError unless they are operands of the program's GEMM, numbers of that form."""
    gemm = program.work
    if not isinstance(gemm, Gemm) or not isinstance(operands, Operands):
        raise ValueError(f"a program of a GEMM takes Operands, not {type(operands).__name__}")
    for side, name, source in ((operands.a, "a", gemm.source), (operands.b, "b", gemm.source_b)):
        if not isinstance(side, Im2col):
            _check_dtype(side, name, form, 2 + (gemm.count > 1))
        elif side.source != source:
            raise ValueError(f"operand {name} must be of images as {source}, not {side.source}")
    _check_shapes(gemm, operands.a, operands.b)


def check_weights(program: Program, operands: Weights) -> None:
    """Raise ValueError unless they are weights of the program's update, with all that it needs and no more."""
    update = program.work
    if not isinstance(update, Update) or not isinstance(operands, Weights):
        raise ValueError(f"a program of an update takes Weights, not {type(operands).__name__}")
    for name, array in vars(operands).items():
        wanted = name == "weights" or update.momentum
        if (array is not None) != wanted:
            raise ValueError(
                f"{'an update' if update.momentum else 'a reduction'} takes {'' if wanted else 'no '}{name}, "
                f"not {type(array).__name__}"
            )
        if name == "rates":
            if wanted and not isinstance(array, Rates):
                raise ValueError(f"rates must be rtl.golden.Rates, not {type(array).__name__}")
        elif wanted:
            check_weight_matrix(array, name, (update.k, update.n))


def check_weight_matrix(array: np.ndarray, name: str, shape: tuple[int, int] | None = None) -> None:
    """Raise ValueError unless it is a float32 matrix, and of that shape."""
    if not isinstance(array, np.ndarray) or array.dtype != np.float32 or array.ndim != 2:
        kind = f"{array.dtype} with {array.ndim} dimensions" if isinstance(array, np.ndarray) else type(array).__name__
        raise ValueError(f"{name} must be a float32 matrix, not {kind}")
    if shape and array.shape != shape:
        raise ValueError(f"{name} must be of shape {shape}, not {array.shape}")


def matrix(array: np.ndarray, name: str, form: str = "fp16", dimensions: int = 2) -> np.ndarray:
    """The array itself. Raises ValueError unless it holds numbers of the form and has so many dimensions."""
    array = np.asarray(array)
    _check_dtype(array, name, form, dimensions)
    if form == "bf16":
        rest = np.ascontiguousarray(array).view(np.uint32) & 0xFFFF
        if rest.any():
            where = tuple(map(int, np.argwhere(rest)[0]))
            raise ValueError(f"operand {name} must hold bfloat16 numbers, not {array[where]!r} at {where}")
    return array


def _check_dtype(array: np.ndarray, name: str, form: str, dimensions: int) -> None:
    if not isinstance(array, np.ndarray):
        raise ValueError(f"operand {name} must be an array, not {type(array).__name__}")
    if array.dtype != DTYPES[form] or array.ndim != dimensions:
        raise ValueError(
            f"operand {name} must be a {np.dtype(DTYPES[form])} matrix, not {array.dtype} with {array.ndim} dimensions"
        )


def _check_shapes(gemm: Gemm, a: np.ndarray | Im2col, b: np.ndarray | Im2col) -> None:
    count = (gemm.count,) if gemm.count > 1 else ()
    wanted = (*count, gemm.m, gemm.k), (*count, gemm.k, gemm.n)
    if (a.shape, b.shape) != wanted:
        raise ValueError(
            f"operands of a {gemm.m} x {gemm.k} x {gemm.n} GEMM must be {wanted[0]} and {wanted[1]}, "
            f"not {a.shape} and {b.shape}"
        )


def _given(
    array: np.ndarray, name: str, source: FeatureMap | None, k: int, transposed: bool, dimensions: int, form: str
) -> np.ndarray | Im2col:
    if source and np.ndim(array) == 4:
        depth = source.channels if source.transposed else k // (source.kernel[0] * source.kernel[1])
        return Im2col(np.asarray(array), source, depth, transposed)
    return matrix(array, name, form, dimensions)
