"""The operands of `sat verify gemm`: several kinds of seeded values, each of which shows other faults."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Operands = tuple[np.ndarray, np.ndarray]  # (M, K) and (K, N) float16


def normal(rng: np.random.Generator, m: int, k: int, n: int) -> Operands:
    """Normal numbers: every sum is rounded at every step."""
    return rng.standard_normal((m, k)).astype(np.float16), rng.standard_normal((k, n)).astype(np.float16)


def edges(rng: np.random.Generator, m: int, k: int, n: int) -> Operands:
    """Small integers times powers of two: FP16 results that are ties, subnormals, zeros of either sign and overflows.

    The rows of a are scaled from 2^-20 to 2^10. Neighbours along k are often equal in a and opposite in b, in half of
    the rows and columns all of them: there sums cancel exactly.
    """
    a, b = _paired(rng, (k, m), 1).T, _paired(rng, (k, n), -1)
    exponents = np.linspace(-20, 10, m).round()[:, None]
    return (a * 2**exponents).astype(np.float16), (b / 64).astype(np.float16)


def special(rng: np.random.Generator, m: int, k: int, n: int) -> Operands:
    """Normal numbers with an infinity in each row, place after place, and a NaN in every fourth column.

    An infinity meets weights that are kept, zero and pruned; the other columns of the row show which.
    """
    a, b = normal(rng, m, k, n)
    b[rng.random(b.shape) < 0.1] = 0
    start = rng.integers(k)
    a[np.arange(m), (start + np.arange(m)) % k] = rng.choice(np.array([np.inf, -np.inf], np.float16), m)
    nan = np.array([0x7E00, 0xFE01, 0x7C01], np.uint16).view(np.float16)
    columns = np.arange(0, n, 4)
    b[rng.integers(k, size=len(columns)), columns] = rng.choice(nan, len(columns))
    return a, b


def _paired(rng: np.random.Generator, shape: tuple[int, int], sign: int) -> np.ndarray:
    """Integers (K, lanes), of which every second one along K may be `sign` times the one before."""
    result = rng.integers(-48, 49, shape).astype(np.float64)
    wholly = rng.random(shape[1]) < 0.5
    chosen = (rng.random((shape[0] // 2, shape[1])) < 0.5) | wholly
    result[1::2] = np.where(chosen, sign * result[:-1:2], result[1::2])
    if shape[0] % 2:
        result[-1, wholly] = 0
    return result


class Kind(NamedTuple):
    """A way to draw operands, and how its results leave the array."""

    name: str
    draw: Callable[[np.random.Generator, int, int, int], Operands]
    output: str


KINDS = (
    Kind("normal", normal, "fp32"),
    Kind("edges", edges, "fp16"),
    Kind("special", special, "fp32"),
    Kind("special_half", special, "fp16"),
)
