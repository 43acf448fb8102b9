"""The bytes of a GEMM's operands that are read from off-chip memory; the rest is still in the on-chip buffer.

The buffer keeps an operand whole, or the panel of it that a row (or column) of blocks works on, or nothing of it. Of
the choices that fit, the one that reads the fewest bytes is taken. Without a buffer each tile reads all it needs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import NamedTuple

import numpy as np

from tlm.feature_map import ELEMENT, Rows
from tlm.gemm import Gemm
from tlm.memory import Count, Memory
from tlm.sat.dataflow import dataflow_of, group_of
from tlm.sat.mapping import Mapping, Mappings
from tlm.sat.panels import panel, panels

WHOLE, PANEL, NOTHING = "whole", "panel", "nothing"
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
        count = self.gemm.count
        values = self._of_chosen(lambda kept: count * (self._bytes_a(kept[0]) + self._read_weights(kept[1]) * ELEMENT))
        indices = self._of_chosen(lambda kept: count * self._read_weights(kept[1]) * self._index_bits / 8)
        return values, indices

    @property
    def tiles(self) -> tuple[Count, Count]:
        """All tiles, and those that read anything off-chip."""
        along = self.gemm.count * -(-self.gemm.k // self.mapping.depth)
        return self._down * self._across * along, self._of_chosen(self._reading_blocks) * along

    @property
    def regions(self) -> list[Reads]:
        """The reads of a product in the regions of its result in whose blocks a buffer has the same parts already: the
        first block, the others of the first row of blocks, those of the first column of blocks, and the rest."""
        down, across = self._down - 1, self._across - 1
        first_a = self._of_chosen(lambda kept: self._first_a(kept[0]))
        other_a = self._of_chosen(lambda kept: self._once_a(kept[0])) - first_a
        once_b = self._of_chosen(lambda kept: self._whole_b * self._share_b(kept[1]))
        first_b = once_b * np.minimum(1, self.mapping.columns / self.gemm.n)
        other_b = once_b - first_b
        again_a, again_b, empty = (self._of_chosen(of) for of in (_again(0), _again(1), self._empty_panels))
        return [
            Reads(1, 1, first_a + first_b),
            Reads(across, across, other_b + again_a * first_a * across),
            Reads(down, down - empty, other_a + again_b * first_b * down),
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
            return int(self.panels(row, row + rows)) * depth / self.gemm.k
        return self._whole_a * (rows * depth) / (self.gemm.m * self.gemm.k)

    def of_b(self, row: int, lines: int, columns: int) -> tuple[float, float]:
        """Bytes of b that the tile of that row, with those lines of weights, reads: (values, indices)."""
        if row and self.kept[1] != NOTHING:
            return 0.0, 0.0
        weights = lines * columns * self._share_b(self.kept[1])
        return float(weights * ELEMENT), weights * self._index_bits / 8

    @property
    def uneven(self) -> bool:
        """Whether rows of tiles differ in what they read of a."""
        return self.kept[0] == PANEL and self.gemm.source is not None

    def panels(self, first: Rows, end: Rows) -> Rows:
        """Bytes of a's panels with rows first .. end - 1."""
        return panel(self.gemm.k, self.gemm.source, first, end)

    @cached_property
    def _chosen(self) -> np.ndarray:
        """The number of `kept` in `choices`: () or (mappings,)."""
        spaces, sizes = (
            np.array(np.broadcast_arrays(*(of_a(a) + of_b(b) for a, b in self.choices)), float)
            for of_a, of_b in ((self._space_a, self._space_b), (self._bytes_a, self._bytes_b))
        )
        sizes[spaces > self.memory.buffer_bytes] = np.inf
        spaces[sizes > sizes.min(axis=0)] = np.inf
        return np.asarray(spaces.argmin(axis=0))

    def _of_chosen(self, of: Callable[[Kept], Count]) -> Count:
        """`of` the choice that is taken."""
        if self._chosen.ndim == 0:
            return of(self.kept)
        return np.choose(self._chosen, [of(kept) for kept in self.choices])

    @property
    def _down(self) -> Count:
        return -(-self.gemm.m // self.mapping.rows)

    @property
    def _across(self) -> Count:
        return -(-self.gemm.n // self.mapping.columns)

    def _reading_blocks(self, kept: Kept) -> Count:
        """Blocks that read anything: all, or where both operands are kept, the first of each panel."""
        if NOTHING in kept:
            return self._down * self._across
        return self._down + self._across - 1 - self._empty_panels(kept)

    def _empty_panels(self, kept: Kept) -> Count:
        """Panels of a but the first one, the first blocks of which read nothing: neither of b nor of the panel."""
        return self._panels_a[2] if kept[0] == PANEL and kept[1] != NOTHING else 0

    def _first_a(self, kept: str) -> Count:
        """Bytes of a that the first row of blocks reads once."""
        rows = np.minimum(self.mapping.rows, self.gemm.m)
        if kept == PANEL:
            return self.panels(0, rows)
        return rows * self.gemm.k * ELEMENT if kept == NOTHING else self._whole_a * rows / self.gemm.m

    def _once_a(self, kept: str) -> Count:
        """Bytes of a that a column of blocks reads."""
        return self.gemm.m * self.gemm.k * ELEMENT if kept == NOTHING else self._bytes_a(kept)

    @cached_property
    def _index_bits(self) -> int:
        return (self.gemm.sparsity.m - 1).bit_length() if self.gemm.sparsity else 0

    @cached_property
    def _whole_a(self) -> int:
        matrix = self.gemm.m * self.gemm.k * ELEMENT
        return min(matrix, self.gemm.source.bytes) if self.gemm.source else matrix

    @cached_property
    def _panels_a(self) -> tuple[Count, Count, Count]:
        """Of `panels`."""
        gemm, rows = self.gemm, self.mapping.rows
        if not isinstance(rows, np.ndarray):
            return panels(gemm.m, gemm.k, gemm.source, rows)
        sizes, which = np.unique(rows, return_inverse=True)
        found = np.array([panels(gemm.m, gemm.k, gemm.source, int(size)) for size in sizes.tolist()], float)
        largest, total, empty = found[which].T
        return largest, total, empty

    @cached_property
    def _weights(self) -> int:
        """Kept weights of b."""
        group, values = group_of(self.gemm)
        weights_stay = dataflow_of(self.mapping.dataflow).weight_stationary
        exact = self.gemm.sparsity is None and not weights_stay  # no zeros fill the last group
        lines = self.gemm.k if exact else -(-self.gemm.k // group) * values
        return lines * self.gemm.n

    @cached_property
    def _whole_b(self) -> float:
        return self._weights * (16 + self._index_bits) / 8

    def _space_a(self, kept: str) -> Count:
        return self._panels_a[0] if kept == PANEL else {WHOLE: self._whole_a, NOTHING: 0}[kept]

    def _space_b(self, kept: str) -> Count:
        if kept == PANEL:
            return self._whole_b * np.minimum(1, self.mapping.columns / self.gemm.n)
        return {WHOLE: self._whole_b * self._share_b(WHOLE), NOTHING: 0}[kept]

    def _bytes_a(self, kept: str) -> Count:
        if kept == NOTHING:
            return self.gemm.m * self.gemm.k * ELEMENT * self._across
        return self._panels_a[1] if kept == PANEL else self._whole_a

    def _bytes_b(self, kept: str) -> Count:
        return self._whole_b * self._passes_b(kept) * self._share_b(kept)

    def _read_weights(self, kept: str) -> Count:
        return self._weights * self._passes_b(kept) * self._share_b(kept)

    def _share_b(self, kept: str) -> float:
        """The share of b's matrix that is read: of an im2col matrix that is kept whole, its images alone."""
        source, (group, values) = self.gemm.source_b, group_of(self.gemm)
        if kept != WHOLE or source is None:
            return 1
        images = source.batch * source.height * source.width * -(-source.channels // group) * values
        return min(1, images / self._weights)

    def _passes_b(self, kept: str) -> Count:
        return self._down if kept == NOTHING else 1


def _again(operand: int) -> Callable[[Kept], Count]:
    """1 where the buffer keeps nothing of that operand, 0 where it does."""
    return lambda kept: int(kept[operand] == NOTHING)
