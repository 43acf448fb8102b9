"""A GEMM cut into pieces, each small enough to be simulated: blocks of its result, over all of k or a stretch of it."""

from dataclasses import dataclass, replace

import numpy as np

from cosim.exchange import Operands
from tlm import simulate
from tlm.sat.program import GemmProgram, schedule_gemm


@dataclass(frozen=True)
class GemmPiece:
    """A block of one product's result, from (row, column) on, summed from element `start` of k on.

    whole    the program that it is a piece of
    program  the piece as a GEMM of its own, with the same mapping
    """

    whole: GemmProgram
    program: GemmProgram
    item: int
    row: int
    start: int
    column: int

    @property
    def all_of_k(self) -> bool:
        """The sums are those of the whole, and not parts of them."""
        return self.program.gemm.k == self.whole.gemm.k

    @property
    def origins(self) -> dict[str, tuple[int, ...]]:
        """Where in the whole's result the block begins."""
        return {"c": (*self._item, self.row, self.column)}

    @property
    def text(self) -> str:
        """The part of the whole that it is, for messages."""
        gemm, whole = self.program.gemm, self.whole.gemm
        item = f" of product {self.item}" if self._item else ""
        return (
            f"rows {self.row} to {self.row + gemm.m - 1}, columns {self.column} to {self.column + gemm.n - 1}, "
            f"k {self.start} to {self.start + gemm.k - 1}{item} of {whole.m} x {whole.k} x {whole.n}"
        )

    def operands(self, whole: Operands) -> Operands:
        """Its own operands, copied: a (m, k) and b (k, n) float16, of which b is pruned as the whole's is."""
        one, (rows, k, columns) = whole.item(self.item), self._slices
        return Operands(np.array(one.a[rows, k], order="C"), np.array(one.b[k, columns], order="C"))

    def block(self, whole: np.ndarray) -> np.ndarray | None:
        """The elements of the whole's result c (M, N), or (count, M, N), in its place; None for a stretch of k."""
        rows, _, columns = self._slices
        product = whole[self.item] if self._item else whole
        return np.array(product[rows, columns], order="C") if self.all_of_k else None

    @property
    def _item(self) -> tuple[int, ...]:
        return (self.item,) if self.whole.gemm.count > 1 else ()

    @property
    def _slices(self) -> tuple[slice, slice, slice]:
        """Of m, k and n."""
        m, k, n = self.program.gemm.shape
        return slice(self.row, self.row + m), slice(self.start, self.start + k), slice(self.column, self.column + n)


def evenly(total: int, most: int) -> int:
    """The size of parts that are at most so large, but at least 1, and as even as they can be."""
    parts = -(-total // max(1, min(most, total)))
    return -(-total // parts)


class GemmPieces:
    """All pieces of a program, none of which overlap: its blocks as they are scheduled, each over all of k, or over
    stretches of as many tiles as take about `longest` cycles at most, or of one (cosim.accelerator.Pieces)."""

    def __init__(self, program: GemmProgram, longest: int):
        self.whole, mapping, gemm = program, program.mapping, program.gemm
        first = self._program(min(mapping.rows, gemm.m), gemm.k, min(mapping.columns, gemm.n))
        cycles, tiles = simulate(first).cycles, -(-gemm.k // mapping.depth)
        self._sizes = mapping.rows, evenly(tiles, tiles * longest // cycles) * mapping.depth, mapping.columns
        self._grid = gemm.count, *(-(-total // size) for total, size in zip(gemm.shape, self._sizes, strict=True))

    def __len__(self) -> int:
        return int(np.prod(self._grid))

    def __getitem__(self, number: int) -> GemmPiece:
        item, *places = map(int, np.unravel_index(range(len(self))[number], self._grid))
        firsts = [place * size for place, size in zip(places, self._sizes, strict=True)]
        limits = zip(self._sizes, self.whole.gemm.shape, firsts, strict=True)
        sizes = [min(size, total - first) for size, total, first in limits]
        return GemmPiece(self.whole, self._program(*sizes), item, *firsts)

    def _program(self, m: int, k: int, n: int) -> GemmProgram:
        # A piece of an im2col matrix is no im2col matrix: it is read as it stands.
        gemm = replace(self.whole.gemm, m=m, k=k, n=n, count=1, source=None, source_b=None)
        return schedule_gemm(gemm, self.whole.config, self.whole.mapping, self.whole.memory)
