"""Operands of programs: those that a user gives, checked, and b pruned; and whether they belong to a program."""

from typing import Any

import numpy as np

from cosim.exchange import Operand, Operands, Weights
from cosim.im2col import Im2col, Im2cols
from cosim.kernel.kernel import prune
from rtl.golden import Rates
from tlm.arrays import check_plain, plain
from tlm.feature_map import FeatureMap
from tlm.gemm import Gemm
from tlm.transactions import Program
from tlm.update import Update

DTYPES = {"fp16": np.dtype(np.float16), "bf16": np.dtype(np.float32)}  # of arrays that hold operands of a form


def operands_of(gemm: Gemm, a: Any, b: Any, as_given: bool = False, form: str = "fp16") -> Operands:
    """The operands of a GEMM; arrays or, where it has a source, images. Raises ValueError for others.

    as_given  b is not pruned
    form      of matrices: 'fp16', or 'bf16', which float32 arrays hold
    """
    if not _fit(gemm, a, b, form):
        dimensions = 2 + (gemm.count > 1)
        a = _given(a, "a", gemm.source, gemm.k, bool(gemm.source and gemm.source.transposed), dimensions, form)
        b = _given(b, "b", gemm.source_b, gemm.k, True, dimensions, form)
        _check_shapes(gemm, a, b)
    if as_given or not gemm.sparsity:
        return Operands(a, b)
    if isinstance(b, Im2col | Im2cols):
        # Along the channels of each pixel: groups of the matrix never straddle two kernel positions.
        images = prune(b.images, gemm.sparsity.n, gemm.sparsity.m, axis=b.images.ndim - 1)
        b = type(b)(images, b.source, b.depth, b.transposed)
    else:
        b = prune(b, gemm.sparsity.n, gemm.sparsity.m, axis=b.ndim - 2)
    return Operands(a, b)


def check_operands(program: Program, operands: Operands, form: str = "fp16") -> None:
    """Raise ValueError unless they are operands of the program's GEMM, numbers of that form."""
    gemm = program.work
    if not isinstance(gemm, Gemm) or not isinstance(operands, Operands):
        raise ValueError(f"a program of a GEMM takes Operands, not {type(operands).__name__}")
    if _fit(gemm, operands.a, operands.b, form):
        return
    _check_side(operands.a, "a", gemm, gemm.source, bool(gemm.source and gemm.source.transposed), form)
    _check_side(operands.b, "b", gemm, gemm.source_b, True, form)
    _check_shapes(gemm, operands.a, operands.b)
    if isinstance(operands.b, Im2col | Im2cols) and gemm.sparsity and operands.b.depth % gemm.sparsity.m:
        raise ValueError(
            f"images of b need whole groups of {gemm.sparsity.m} a kernel position, not {operands.b.depth}"
        )


def check_pruned(gemm: Gemm, b: np.ndarray) -> None:
    """Raise ValueError for a group of b (k, n), or (count, k, n), with more values than its sparsity keeps."""
    if gemm.sparsity is None:
        return
    n, m = gemm.sparsity.n, gemm.sparsity.m
    values = np.add.reduceat(b != 0, np.arange(0, gemm.k, m), axis=-2, dtype=np.intp)
    if (most := values.max()) > n:
        raise ValueError(f"b must be pruned to {gemm.sparsity}: {n} values a group, not {most}")


def check_weights(program: Program, operands: Weights) -> None:
    """Raise ValueError unless they are weights of the program's update, with all that it needs and no more."""
    update = program.work
    if not isinstance(update, Update) or not isinstance(operands, Weights):
        raise ValueError(f"a program of an update takes Weights, not {type(operands).__name__}")
    for name, part in vars(operands).items():
        wanted = name == "weights" or update.momentum
        if (part is not None) != wanted:
            taker = "an update" if update.momentum else "a reduction"
            raise ValueError(f"{taker} takes {'' if wanted else 'no '}{name}, not {type(part).__name__}")
        if wanted and name != "rates":
            check_weight_matrix(part, name, (update.k, update.n))
    if operands.rates is not None:
        check_rates(operands.rates)


def check_rates(rates: Rates) -> None:
    """Raise ValueError unless they are constants of an update, finite in FP32."""
    if not isinstance(rates, Rates):
        raise ValueError(f"rates must be rtl.golden.Rates, not {type(rates).__name__}")
    try:
        finite = np.isfinite(rates.constants).all()
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"rates must be numbers of FP32, not {rates}") from None
    if not finite:
        raise ValueError(f"rates must be finite in FP32, 1 / scale too, not {rates}")


def check_weight_matrix(array: np.ndarray, name: str, shape: tuple[int, int] | None = None) -> None:
    """Raise ValueError unless it is a float32 matrix, and of that shape."""
    check_plain(array, name)
    if array.dtype != np.float32 or array.ndim != 2:
        raise ValueError(f"{name} must be float32 with 2 dimensions, not {array.dtype} with {array.ndim}")
    if shape and array.shape != shape:
        raise ValueError(f"{name} must be of shape {shape}, not {array.shape}")


def check_matrix(array: np.ndarray, name: str, form: str = "fp16", dimensions: int = 2) -> None:
    """Raise ValueError unless operand `name` holds numbers of the form and has so many dimensions."""
    check_plain(array, f"operand {name}")
    if array.dtype != DTYPES[form] or array.ndim != dimensions:
        raise ValueError(
            f"operand {name} must be {DTYPES[form]} with {dimensions} dimensions, not {array.dtype} with {array.ndim}"
        )
    if form == "bf16":
        rest = np.ascontiguousarray(array).view(np.uint32) & 0xFFFF
        if rest.any():
            where = tuple(map(int, np.argwhere(rest)[0]))
            raise ValueError(f"operand {name} must hold bfloat16 numbers, not {array[where]!r} at {where}")


def _fit(gemm: Gemm, a: Any, b: Any, form: str) -> bool:
    """At a glance, both are float16 matrices of the GEMM's shape, as most operands are; others need a closer look."""
    return (
        type(a) is type(b) is np.ndarray
        and a.dtype == b.dtype == DTYPES["fp16"]
        and form == "fp16"
        and gemm.count == 1
        and a.shape == (gemm.m, gemm.k)
        and b.shape == (gemm.k, gemm.n)
    )


def _check_side(side: Operand, name: str, gemm: Gemm, source: FeatureMap | None, transposed: bool, form: str) -> None:
    if isinstance(side, Im2col | Im2cols):
        _check_images(side, name, source, transposed, form)
    else:
        check_matrix(side, name, form, 2 + (gemm.count > 1))


def _check_images(side: Im2col | Im2cols, name: str, source: FeatureMap | None, transposed: bool, form: str) -> None:
    """Raise ValueError unless an im2col matrix is of the GEMM's source, as its operand stands."""
    if form != "fp16":
        raise ValueError(f"operand {name} must be a {DTYPES[form]} matrix, not images, which are float16")
    if side.source is not source and side.source != source:
        raise ValueError(f"operand {name} must be of images as {source}, not {side.source}")
    if side.transposed != transposed:
        rule = f"{'' if transposed else 'not '}be transposed"
        raise ValueError(f"the im2col matrix of operand {name} must {rule}, not transposed={side.transposed}")
    if side.depth < side.source.channels:
        raise ValueError(
            f"a kernel position of operand {name} must have {side.source.channels} elements or more, not {side.depth}"
        )


def _check_shapes(gemm: Gemm, a: Operand, b: Operand) -> None:
    count = (gemm.count,) if gemm.count > 1 else ()
    wanted = (*count, gemm.m, gemm.k), (*count, gemm.k, gemm.n)
    if (a.shape, b.shape) != wanted:
        raise ValueError(
            f"operands of a {gemm.m} x {gemm.k} x {gemm.n} GEMM must be {wanted[0]} and {wanted[1]}, "
            f"not {a.shape} and {b.shape}"
        )


def _given(
    array: Any, name: str, source: FeatureMap | None, k: int, transposed: bool, dimensions: int, form: str
) -> Operand:
    array = plain(array, f"operand {name}")
    if source and array.ndim == dimensions + 2:
        depth = source.channels if source.transposed else k // (source.kernel[0] * source.kernel[1])
        return (Im2col if dimensions == 2 else Im2cols)(array, source, depth, transposed)
    check_matrix(array, name, form, dimensions)
    return array
