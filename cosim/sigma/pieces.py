"""A GEMM on SIGMA cut into pieces: parts of blocks of its result, over all of k or a stretch of it, with its zeros."""

from dataclasses import dataclass, replace

import numpy as np

from cosim.exchange import Operands
from cosim.sigma.scheduling import zeros_of
from tlm.sigma.program import SigmaProgram, schedule_sigma
from tlm.timeline import simulate

Part = tuple[int, int]  # (first, size), along one dimension


@dataclass(frozen=True)
class SigmaPiece:
    """The rows of one block of one product's result, some or all of its columns, summed from element `start` of k on.

    whole        the program that it is a piece of
    program      the piece as a GEMM of its own, with the same mapping, for the same zeros
    row, column  where it begins, as the operand that stays has them
    """

    whole: SigmaProgram
    program: SigmaProgram
    item: int
    row: int
    start: int
    column: int

    @property
    def has_the_wholes_order(self) -> bool:
        """Its sums are those of the whole: over all of k, of the same stationary values in the same lanes."""
        if self.program.gemm.k < self.whole.gemm.k:
            return False
        first = self.column - self.column % self.whole.mapping.columns
        block = slice(first, min(first + self.whole.mapping.columns, self.whole.shape[2]))
        rows, depth, columns = self._places
        zeros = zeros_of(self.whole)
        return columns == block or np.array_equal(
            zeros.kept(self.item, rows, depth, columns), zeros.kept(self.item, rows, depth, block)
        )

    @property
    def origins(self) -> dict[str, tuple[int, ...]]:
        """Where in the whole's result the block begins."""
        rows, columns = self._result
        return {"c": (*self._item, rows.start, columns.start)}

    @property
    def text(self) -> str:
        """The part of the whole that it is, for messages."""
        (rows, columns), whole = self._result, self.whole.gemm
        item = f" of product {self.item}" if self._item else ""
        return (
            f"rows {rows.start} to {rows.stop - 1}, columns {columns.start} to {columns.stop - 1}, "
            f"k {self.start} to {self.start + self.program.gemm.k - 1}{item} of {whole.m} x {whole.k} x {whole.n}"
        )

    def operands(self, whole: Operands) -> Operands:
        """Its own operands, copied: a (m, k) and b (k, n), of which b is pruned as the whole's is."""
        one, (rows, columns), depth = whole.item(self.item), self._result, self._places[1]
        return Operands(np.array(one.a[rows, depth], order="C"), np.array(one.b[depth, columns], order="C"))

    def block(self, whole: np.ndarray) -> np.ndarray | None:
        """The elements of the whole's result c (M, N), or (count, M, N), in its place; None where the whole sums in
        another order: for a stretch of k, and where the columns beside it keep more of the stationary values."""
        product = whole[self.item] if self._item else whole
        return np.array(product[self._result], order="C") if self.has_the_wholes_order else None

    @property
    def _item(self) -> tuple[int, ...]:
        return (self.item,) if self.whole.gemm.count > 1 else ()

    @property
    def _places(self) -> tuple[slice, slice, slice]:
        """Of rows, k and columns, as the operand that stays has them."""
        firsts = self.row, self.start, self.column
        rows, k, columns = (slice(first, first + size) for first, size in zip(firsts, self.program.shape, strict=True))
        return rows, k, columns

    @property
    def _result(self) -> tuple[slice, slice]:
        """Of the rows and columns of c."""
        rows, _, columns = self._places
        return (rows, columns) if self.whole.mapping.stationary == "mk" else (columns, rows)


class SigmaPieces:
    """All pieces of a program, none of which overlap (cosim.accelerator.Pieces).

    A block is one piece, where the fullest block takes about `longest` cycles at most; else each is cut along k, into
    stretches of whole chunks, as values are packed chunk by chunk. Where a chunk takes longer, its columns are cut,
    too. Raises ValueError for a program without operands.
    """

    def __init__(self, program: SigmaProgram, longest: int):
        self.whole = program
        (rows, k, columns), mapping, sparsity = program.shape, program.mapping, program.gemm.sparsity
        # A stretch has whole groups of N:M, too; both are powers of two.
        chunk = min(max(program.config.lanes, sparsity.m if sparsity else 1), k)
        values = zeros_of(program).values(mapping.rows, mapping.columns, chunk)
        item, down, along, fullest = (int(place) for place in np.unravel_index(values.argmax(), values.shape))
        row, column = (
            _within((place * size, size), total)
            for place, size, total in ((down, mapping.rows, rows), (along, mapping.columns, columns))
        )
        width, stretch, chunks = column[1], k, -(-k // chunk)
        cycles = simulate(self._program(item, row, (0, k), column)).cycles
        if cycles > longest:
            stretch = _evenly(chunks, chunks * longest // cycles) * chunk
            part = _within((fullest * chunk // stretch * stretch, stretch), k)
            cycles = simulate(self._program(item, row, part, column)).cycles
            if stretch == chunk and cycles > longest:
                width = _evenly(width, width * longest // cycles)
        self._rows, self._stretches = _parts((0, rows), mapping.rows), _parts((0, k), stretch)
        self._columns = [part for block in _parts((0, columns), mapping.columns) for part in _parts(block, width)]
        self._grid = program.gemm.count, len(self._rows), len(self._stretches), len(self._columns)

    def __len__(self) -> int:
        return int(np.prod(self._grid))

    def __getitem__(self, number: int) -> SigmaPiece:
        item, *places = map(int, np.unravel_index(range(len(self))[number], self._grid))
        row, stretch, column = (
            parts[place] for parts, place in zip((self._rows, self._stretches, self._columns), places, strict=True)
        )
        program = self._program(item, row, stretch, column)
        return SigmaPiece(self.whole, program, item, row[0], stretch[0], column[0])

    def _program(self, item: int, row: Part, stretch: Part, column: Part) -> SigmaProgram:
        whole = self.whole
        zeros = zeros_of(whole).part(item, *(slice(first, first + size) for first, size in (row, stretch, column)))
        m, n = (row[1], column[1]) if whole.mapping.stationary == "mk" else (column[1], row[1])
        # A piece of an im2col matrix is no im2col matrix: it is read as it stands.
        gemm = replace(whole.gemm, m=m, k=stretch[1], n=n, count=1, source=None, source_b=None)
        return schedule_sigma(gemm, whole.config, zeros, whole.mapping, whole.memory)


def _within(part: Part, total: int) -> Part:
    return part[0], min(part[1], total - part[0])


def _parts(whole: Part, size: int) -> list[Part]:
    """A stretch cut into parts of that size, of which the last may be smaller."""
    first, total = whole
    return [(first + start, min(size, total - start)) for start in range(0, total, size)]


def _evenly(total: int, most: int) -> int:
    """The size of parts that are at most so large, but at least 1, and as even as they can be."""
    parts = -(-total // max(1, min(most, total)))
    return -(-total // parts)
