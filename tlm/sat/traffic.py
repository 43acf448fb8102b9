"""The bytes of a GEMM's operands that are read from off-chip memory; the rest is still in the on-chip buffer.

Of the parts of both operands that the buffer can keep, those are kept with which the fewest bytes are read. Without a
buffer each tile reads all it needs.
"""

from collections.abc import Callable
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
        held, streamed = (WHOLE, PANEL, NOTHING), (WHOLE, NOTHING)
        return list(product(held, streamed) if self.mapping.order == "rows" else product(streamed, held))

    @cached_property
    def kept(self) -> Kept:
        """The choice that is taken: of those that fit the buffer that of fewest bytes, then of least space."""
        return self.choices[int(self._chosen)]

    @property
    def total(self) -> tuple[Count, Count]:
        """Bytes of all reads: (values, indices)."""
        count, a, b = self.gemm.count, self._a, self._b
        values = self._of_chosen(lambda kept: count * (a.read(kept[0]) + b.read_values(kept[1]) * ELEMENT))
        indices = self._of_chosen(lambda kept: count * b.read_values(kept[1]) * b.index_bits / 8)
        return values, indices

    @property
    def tiles(self) -> tuple[Count, Count]:
        """All tiles, and those that read anything off-chip."""
        along = self.gemm.count * -(-self.gemm.k // self.mapping.depth)
        return self._down * self._across * along, self._of_chosen(self._reading_blocks) * along

    @property
    def regions(self) -> list[Reads]:
        """The reads of a product by regions, in each of which the buffer has the same parts before a block is read: the
        first block, the others of the first row of blocks, those of the first column of blocks, and the rest."""
        down, across = self._down - 1, self._across - 1
        first_a = self._of_chosen(lambda kept: self._a.of_first_block(kept[0]))
        other_a = self._of_chosen(lambda kept: self._a.of_column(kept[0])) - first_a
        row_b = self._of_chosen(lambda kept: self._b.of_row(kept[1]))
        first_b = row_b * np.minimum(1, self.mapping.columns / self.gemm.n)
        other_b = row_b - first_b
        again_a = self._of_chosen(lambda kept: int(kept[0] == NOTHING))
        again_b = self._of_chosen(lambda kept: int(kept[1] == NOTHING))
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
        spaces = [self._a.space(a) + self._b.space(b) for a, b in self.choices]
        reads = [self._a.read(a) + self._b.read(b) for a, b in self.choices]
        space, size = (np.array(np.broadcast_arrays(*counts), float) for counts in (spaces, reads))
        size[space > self.memory.buffer_bytes] = np.inf
        space[size > size.min(axis=0)] = np.inf
        return np.asarray(space.argmin(axis=0))

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
