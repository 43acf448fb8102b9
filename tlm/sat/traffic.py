"""The bytes of a GEMM's operands that are read from off-chip memory; the rest is still in the on-chip buffer.

Of the parts of both operands that the buffer can keep, those are kept with which the fewest bytes are read. Without a
buffer each tile reads all it needs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import NamedTuple

import numpy as np

from tlm.feature_map import ELEMENT
from tlm.gemm import Gemm
from tlm.memory import Count, Memory
from tlm.sat.mapping import Mapping, Mappings
from tlm.sat.operands import NOTHING, PANEL, WHOLE, Activations, Weights

Kept = tuple[str, str]  # the part of a, and of b, that the buffer keeps


class Reads(NamedTuple):
    """Off-chip reads of some blocks: how many the blocks are, how many of them read anything, and the bytes of all."""

    blocks: Count
    reading: Count
    size: Count


@dataclass(frozen=True)
class Traffic:
    """The off-chip reads of a GEMM under a mapping. Under many, all that is no tile's own is an array (mappings,)."""

    gemm: Gemm
    mapping: Mapping | Mappings
    memory: Memory

    @property
    def choices(self) -> list[Kept]:
        """Parts of both operands that the buffer might keep.

        The bytes that are read of an operand, where blocks run row by row:

            whole    each byte once
            panel    of a, the rows of one row of blocks: each once, too, since the blocks of a row follow one another
                     (of an im2col matrix lines of images, some of which two panels read)
            nothing  all of a once for each column of blocks, all of b once for each row of blocks

        A panel of b, the columns of one column of blocks, would be left after each block and read again in the next
        row of blocks: it saves nothing, and is no choice. Where blocks run column by column, a and b change places.
        """
        return list(product(*self._parts))

    @property
    def _parts(self) -> tuple[Sequence[str], Sequence[str]]:
        """Parts of a, and of b, that the buffer might keep."""
        held, streamed = (WHOLE, PANEL, NOTHING), (WHOLE, NOTHING)
        return (held, streamed) if self.mapping.order == "rows" else (streamed, held)

    @cached_property
    def kept(self) -> Kept:
        """The choice that is taken: of those that fit the buffer that of fewest bytes, then of least space."""
        return self.choices[int(self._chosen)]

    @property
    def total(self) -> tuple[Count, Count]:
        """Bytes of all reads: (values, indices)."""
        count, a, b = self.gemm.count, self._a, self._b
        weights = self._of_b(b.read_values)
        return count * (self._of_a(a.read) + weights * ELEMENT), count * weights * b.index_bits / 8

    @property
    def tiles(self) -> tuple[Count, Count]:
        """All tiles, and those that read anything off-chip."""
        along = self.gemm.count * -(-self.gemm.k // self.mapping.depth)
        return self._down * self._across * along, self._of_chosen(self._reading_blocks) * along

    @cached_property
    def regions(self) -> list[Reads]:
        """The reads of a product by regions, in each of which the buffer has the same parts before a block is read: the
        first block, the others of the first row of blocks, those of the first column of blocks, and the rest."""
        down, across = self._down - 1, self._across - 1
        first_a, row_b = self._of_a(self._a.of_first_block), self._of_b(self._b.of_row)
        other_a = self._of_a(self._a.of_column) - first_a
        first_b = row_b * np.minimum(1, self.mapping.columns / self.gemm.n)
        other_b = row_b - first_b
        again_a, again_b = (of(lambda part: int(part == NOTHING)) for of in (self._of_a, self._of_b))
        return [
            Reads(1, 1, first_a + first_b),
            Reads(across, across, other_b + again_a * first_a * across),
            Reads(down, down - self._of_chosen(self._empty_blocks), other_a + again_b * first_b * down),
            Reads(
                down * across,
                np.maximum(again_a, again_b) * down * across,
                again_a * other_a * across + again_b * other_b * down,
            ),
        ]

    def of_a(self, row: int, rows: int, column: int, depth: int) -> float:
        """Bytes of a that the tile at that row and column reads."""
        kept = self.kept[0]
        if kept == NOTHING:
            return float(rows * depth * ELEMENT)
        if column:
            return 0.0
        if kept == PANEL:
            return int(self._a.panels(row, row + rows)) * depth / self.gemm.k
        return self._a.whole * (rows * depth) / (self.gemm.m * self.gemm.k)

    def of_b(self, row: int, lines: int, columns: int) -> tuple[float, float]:
        """Bytes of b that the tile of that row, with those lines of weights, reads: (values, indices)."""
        if row and self.kept[1] != NOTHING:
            return 0.0, 0.0
        weights = lines * columns * self._b.share(self.kept[1])
        return float(weights * ELEMENT), weights * self._b.index_bits / 8

    @property
    def uneven(self) -> bool:
        """Whether rows of tiles differ in the bytes of a that they read."""
        return self.kept[0] == PANEL and self.gemm.source is not None

    def panels(self, first: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Bytes of a's panels with rows first .. end - 1."""
        return np.asarray(self._a.panels(first, end))

    @cached_property
    def _a(self) -> Activations:
        return Activations(self.gemm, self.mapping)

    @cached_property
    def _b(self) -> Weights:
        return Weights(self.gemm, self.mapping)

    @property
    def _down(self) -> Count:
        return -(-self.gemm.m // self.mapping.rows)

    @property
    def _across(self) -> Count:
        return -(-self.gemm.n // self.mapping.columns)

    @cached_property
    def _chosen(self) -> np.ndarray:
        """The number of `kept` in `choices`: () or (mappings,)."""
        space, size = (
            self._sums([of_a(part) for part in self._parts[0]], [of_b(part) for part in self._parts[1]])
            for of_a, of_b in ((self._a.space, self._b.space), (self._a.read, self._b.read))
        )
        size[space > self.memory.buffer_bytes] = np.inf
        space[size > size.min(axis=0)] = np.inf
        return np.asarray(space.argmin(axis=0))

    def _sums(self, of_a: Sequence[Count], of_b: Sequence[Count]) -> np.ndarray:
        """The sum of both numbers of each of `choices`: (choices,) or (choices, mappings)."""
        sums = np.empty((len(of_a) * len(of_b), *np.shape(self.mapping.rows)))
        for number, (a, b) in enumerate(product(of_a, of_b)):
            sums[number] = a + b
        return sums

    @cached_property
    def _chosen_parts(self) -> tuple[np.ndarray, np.ndarray]:
        """The numbers of what is kept of a, and of b, in `_parts`."""
        a, b = np.divmod(self._chosen, len(self._parts[1]))
        return a, b

    def _of_a(self, of: Callable[[str], Count]) -> Count:
        """`of` what is kept of a."""
        return self._of_part(0, of)

    def _of_b(self, of: Callable[[str], Count]) -> Count:
        """`of` what is kept of b."""
        return self._of_part(1, of)

    def _of_part(self, operand: int, of: Callable[[str], Count]) -> Count:
        if self._chosen.ndim == 0:
            return of(self.kept[operand])
        return np.choose(self._chosen_parts[operand], [of(part) for part in self._parts[operand]])

    def _of_chosen(self, of: Callable[[Kept], Count]) -> Count:
        """`of` the choice that is taken."""
        if self._chosen.ndim == 0:
            return of(self.kept)
        return np.choose(self._chosen, [of(kept) for kept in self.choices])

    def _reading_blocks(self, kept: Kept) -> Count:
        """Blocks that read anything: all, or where both operands are kept, the first of each panel."""
        if NOTHING in kept:
            return self._down * self._across
        return self._down + self._across - 1 - self._empty_blocks(kept)

    def _empty_blocks(self, kept: Kept) -> Count:
        """Blocks of the first column that read nothing: neither of b nor of their panel of a."""
        return self._a.empty_panels if kept[0] == PANEL and kept[1] != NOTHING else 0
