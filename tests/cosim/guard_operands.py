"""Operands for the matrix of guards: of each program the right ones in many forms, and wrong ones of every kind."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from cosim import Operands, Weights
from cosim.im2col import Im2col
from rtl.golden import Rates
from rtl.sigma.config import SigmaConfig
from tests.cosim.guard_cases import IMAGES, PIXELS, Case
from tlm import Update

Given = dict[str, tuple[Callable[[], Any], bool]]  # name -> (makes them, whether they belong to the program)


def given_to(case: Case) -> Given:
    """Operands for a case's program, by what they are."""
    found = of_update(case) if isinstance(case.mine.work, Update) else of_gemm(case)
    others = dict(nothing=None, a_tuple=(1, 2), a_program=case.mine, the_other_kind=_other_kind(case))
    return found | {name: (lambda other=other: other, False) for name, other in others.items()}


def _other_kind(case: Case) -> Operands | Weights:
    if isinstance(case.right, Operands):
        return Weights(np.ones((8, 5), np.float32))
    return Operands(np.ones((8, 8), np.float16), np.ones((8, 5), np.float16))


def same_numbers(array: np.ndarray) -> dict[str, np.ndarray]:
    """The same numbers, as arrays of other layouts."""
    raw = np.frombuffer(b"\0" + array.tobytes(), array.dtype, offset=1).reshape(array.shape)
    return {"by columns": np.asfortranarray(array), "with gaps": np.repeat(array, 2, -1)[..., ::2], "read-only": raw}


def wrong_arrays(array: np.ndarray) -> dict[str, Any]:
    """In its place, objects that no engine takes."""
    return {
        "with a row more": np.concatenate([array, array[..., :1, :]], axis=-2),
        "turned": array.swapaxes(-1, -2),
        "of one more dimension": array[None],
        "of double precision": array.astype(np.float64),
        "of the other precision": np.ones_like(array, np.float16 if array.dtype == np.float32 else np.float32),
        "big-endian": array.astype(array.dtype.newbyteorder(">")),
        "a list": array.tolist(),
        "masked": np.ma.masked_array(array, array > 0),
        "a scalar": array.dtype.type(1),
        "missing": None,
    }


def of_gemm(case: Case) -> Given:
    """Operands for a GEMM."""
    right: Any = case.right
    found: Given = {"right": (lambda: right, True), "as arrays": (right.whole, True)}
    for side, array in zip("ab", right.arrays, strict=True):
        for name, one in same_numbers(array).items():
            found[f"{side} {name}"] = partial(replace, right, **{side: one}), True
        for name, one in wrong_arrays(array).items():
            found[f"{side} {name}"] = partial(replace, right, **{side: one}), False
        for name, source, depth, transposed in (
            ("other", replace(IMAGES, padding=(1, 1)), 4, side == "b"),
            ("turned", IMAGES, 4, side == "a"),
            ("cut", IMAGES, 3, side == "b"),
        ):
            found[f"{side} of {name} images"] = partial(_images, right, side, source, depth, transposed), False
    if case.mine.work.count > 1:
        found["of a single product"] = partial(right.item, 0), False
    sigma = isinstance(case.config, SigmaConfig)
    if case.mine.work.sparsity and not case.mine.work.source_b:
        full = np.where(right.b == 0, np.float16(1e-4), right.b)
        found["b not pruned"] = partial(replace, right, b=full), not sigma
    return found | (_of_other_zeros(right) if sigma else {})


def _images(right: Operands, side: str, *made_of: Any) -> Operands:
    return replace(right, **{side: Im2col(PIXELS, *made_of)})


def _of_other_zeros(right: Operands) -> Given:
    """Operands of SIGMA whose zeros are of another sign, or in other places; and no bfloat16 numbers."""
    a, b = right.arrays
    minus = Operands(*(np.where(side == 0, -side.dtype.type(0), side) for side in (a, b)))
    one_more = np.where(np.arange(a.size).reshape(a.shape) == np.flatnonzero(a)[0], a.dtype.type(0), a)
    values = np.where(b == 0, b.dtype.type(np.nan), b)
    found: Given = {
        "minus zeros": (lambda: minus, True),
        "a zero more": (lambda: Operands(one_more, b), False),
        "NaN for zeros": (lambda: Operands(a, values), bool((b != 0).all())),
    }
    if a.dtype == np.float32:
        found["no bfloat16"] = lambda: Operands(a * np.float32(1.001), b), False
    return found


def of_update(case: Case) -> Given:
    """Operands for an update, or a reduction."""
    right: Any = case.right
    found: Given = {"right": (lambda: right, True)}
    momentum = case.mine.work.momentum
    for name in ("weights", "velocities", "gradients") if momentum else ("weights",):
        array = getattr(right, name)
        for kind, one in same_numbers(array).items():
            found[f"{name} {kind}"] = partial(replace, right, **{name: one}), True
        for kind, one in wrong_arrays(array).items():
            found[f"{name} {kind}"] = partial(replace, right, **{name: one}), False
    wrong: dict[str, Any] = dict(missing=None, a_number=0.1, infinite=Rates(np.inf), zero_scale=Rates(0.1, scale=0.0))
    if not momentum:
        wrong = dict(right=Rates(0.1))
        found["with gradients"] = partial(replace, right, gradients=right.weights), False
    return found | {f"rates {name}": (partial(replace, right, rates=one), False) for name, one in wrong.items()}
