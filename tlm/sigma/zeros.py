"""The zeros of a GEMM's operands: those of given operands, or so many as their densities say, spread evenly.

SIGMA skips a stationary value whose whole row of the streamed operand is zero (the paper's REGOR), and no other
product: a lane whose streamed word is zero idles.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from math import inf, sqrt

import numpy as np

from tlm.arrays import plain
from tlm.gemm import check_density
from tlm.sigma.controller import regor
from tlm.sigma.packing import even


class ZeroPattern(ABC):
    """The controller's counts of a block: `rows` of the stationary operand, `depth` of k, `columns` of the streamed
    one, each a slice."""

    uniform = False  # blocks of one size have equal counts

    @abstractmethod
    def counts(self, item: int, rows: slice, depth: slice, columns: slice) -> tuple[int, ...]:
        """The number of stationary values of each row that stay after REGOR."""

    @abstractmethod
    def streamed(self, item: int, depth: slice, columns: slice) -> int:
        """Streamed words that are not zero."""

    @property
    @abstractmethod
    def shares(self) -> tuple[float, float]:
        """Shares of the stationary and of the streamed operand that are not zero."""

    @abstractmethod
    def products(self, count: int, rows: int, k: int, columns: int) -> int:
        """Products of two values that are not zero, of all of a GEMM."""


@dataclass(frozen=True, eq=False)
class ExactZeros(ZeroPattern):
    """The operands' bitmaps: stationary (count, rows, k), streamed (count, k, columns), bool; they cannot be written.

    Equal where the values other than zero are in the same places.
    Raises ValueError for other arrays, ones that can be written, and sides that do not agree in count and k.
    """

    stationary: np.ndarray
    stream: np.ndarray

    def __post_init__(self):
        for bitmap in (self.stationary, self.stream):
            if not isinstance(bitmap, np.ndarray) or bitmap.dtype != bool or bitmap.ndim != 3:
                kind = f"{bitmap.dtype} of {bitmap.ndim}" if isinstance(bitmap, np.ndarray) else type(bitmap).__name__
                raise ValueError(f"a bitmap must be an array of bool with 3 dimensions, not {kind}")
            if bitmap.flags.writeable or not bitmap.flags.owndata:
                raise ValueError("a bitmap must be an array that cannot be written, as of ExactZeros.of, and no view")
        (count, _, k), (other_count, other_k, _) = self.stationary.shape, self.stream.shape
        if (count, k) != (other_count, other_k):
            raise ValueError(
                "bitmaps (count, rows, k) and (count, k, columns) must agree in count and k, "
                f"not {self.stationary.shape} and {self.stream.shape}"
            )

    @classmethod
    def of(cls, stationary: np.ndarray, stream: np.ndarray) -> "ExactZeros":
        """The zeros of operands (rows, k) and (k, columns), or (count, rows, k) and (count, k, columns); a NaN is none.

        Where b of a product a @ b stays, both are given transposed: b.T (n, k), and a.T (k, m).
        """
        bitmaps = []
        for array in (plain(operand, "an operand") for operand in (stationary, stream)):
            if array.ndim not in (2, 3):
                raise ValueError(f"an operand must have 2 or 3 dimensions, not {array.ndim}")
            bitmaps.append(np.array((array if array.ndim == 3 else array[None]) != 0))
            bitmaps[-1].flags.writeable = False
        return cls(*bitmaps)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ExactZeros):
            return NotImplemented
        return np.array_equal(self.stationary, other.stationary) and np.array_equal(self.stream, other.stream)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.stationary.tobytes(), self.stream.tobytes(), self.stationary.shape))

    def check(self, count: int, rows: int, k: int, columns: int) -> None:
        """Raise ValueError unless they are of so many products with these sides."""
        wanted = (count, rows, k), (count, k, columns)
        if (found := (self.stationary.shape, self.stream.shape)) != wanted:
            raise ValueError(
                f"zeros of the stationary and the streamed operand must be of shapes {wanted[0]} and {wanted[1]}, "
                f"not {found[0]} and {found[1]}: with 'kn', where b stays, both operands are given transposed"
            )

    def part(self, item: int, rows: slice, depth: slice, columns: slice) -> "ExactZeros":
        """The zeros of a part of one of the products, copied."""
        bitmaps = [
            np.array(side)
            for side in (self.stationary[item, None, rows, depth], self.stream[item, None, depth, columns])
        ]
        for bitmap in bitmaps:
            bitmap.flags.writeable = False
        return ExactZeros(*bitmaps)

    def regor(self, item: int, depth: slice, columns: slice) -> np.ndarray:
        """The elements of k for which the streamed block has a value: (depth,) bool."""
        key = item, columns.start, columns.stop
        if key not in self._regor:
            self._regor[key] = regor(self.stream[item, :, columns])
        return self._regor[key][depth]

    @cached_property
    def _regor(self) -> dict[tuple[int, int, int], np.ndarray]:
        """Of all of k, for each block of columns that was asked for: all blocks of rows ask again."""
        return {}

    def kept(self, item: int, rows: slice, depth: slice, columns: slice) -> np.ndarray:
        """The stationary values that stay: (rows, depth) bool."""
        return self.stationary[item, rows, depth] & self.regor(item, depth, columns)

    def counts(self, item: int, rows: slice, depth: slice, columns: slice) -> tuple[int, ...]:
        return tuple(self.kept(item, rows, depth, columns).sum(axis=1).tolist())

    def streamed(self, item: int, depth: slice, columns: slice) -> int:
        return int(np.count_nonzero(self.stream[item, depth, columns]))

    def values(self, rows: int, columns: int, depth: int) -> np.ndarray:
        """The number of stationary values that stay, of blocks of that size and chunks of so many elements of k: int64
        (count, blocks along the rows, blocks along the columns, chunks)."""
        of_rows = np.add.reduceat(self.stationary, range(0, self.stationary.shape[1], rows), axis=1, dtype=np.float32)
        stays = np.logical_or.reduceat(self.stream, range(0, self.stream.shape[2], columns), axis=2)
        padding = -self.stream.shape[1] % depth
        chunks = [
            np.pad(side, ((0, 0), (0, 0), (0, padding))).reshape(*side.shape[:2], -1, depth).swapaxes(1, 2)
            for side in (of_rows, stays.swapaxes(1, 2).astype(np.float32))
        ]
        return (chunks[0] @ chunks[1].swapaxes(2, 3)).transpose(0, 2, 3, 1).astype(np.int64)

    @cached_property
    def shares(self) -> tuple[float, float]:
        return float(self.stationary.mean()), float(self.stream.mean())

    def products(self, count: int, rows: int, k: int, columns: int) -> int:
        return self._products

    @cached_property
    def _products(self) -> int:
        return int((self.stationary.sum(axis=1, dtype=np.int64) * self.stream.sum(axis=2, dtype=np.int64)).sum())


@dataclass(frozen=True)
class UniformDensity(ZeroPattern):
    """Values spread evenly: so a GEMM is costed without them. Densities are shares of values that are not zero.

    margin  standard deviations by which a block has more stationary values than in the mean, where each value is zero
            or not by chance: else folds that are just filled would in truth often need one more
    Exact where operands are dense, or the one that stays is N:M sparse along k, and chunks of k are whole groups.
    """

    stationary: float = 1.0
    stream: float = 1.0
    margin: float = 0.0
    uniform = True

    def __post_init__(self):
        for name in ("stationary", "stream"):
            check_density(name, getattr(self, name))
        if not isinstance(self.margin, float | int) or not 0 <= self.margin < inf:
            raise ValueError(f"margin must be at least 0 and finite, not {self.margin!r}")

    def counts(self, item: int, rows: slice, depth: slice, columns: slice) -> tuple[int, ...]:
        # A row of the stream is empty with this probability, where values are independent.
        empty = (1 - self.stream) ** (columns.stop - columns.start)
        height, length, kept = rows.stop - rows.start, depth.stop - depth.start, self.stationary * (1 - empty)
        more = self.margin * sqrt((1 - kept) * kept * height * length) / height
        return even(height, min(kept * length + more, length))

    def streamed(self, item: int, depth: slice, columns: slice) -> int:
        return round(self.stream * (depth.stop - depth.start) * (columns.stop - columns.start))

    @property
    def shares(self) -> tuple[float, float]:
        return self.stationary, self.stream

    def products(self, count: int, rows: int, k: int, columns: int) -> int:
        return round(self.stationary * self.stream * count * rows * k * columns)
