"""The bytes of a GEMM's operands that are read from off-chip memory; the rest is still in the on-chip buffer.

The buffer keeps an operand whole, or the panel of it that a row (or column) of blocks works on, or nothing of it. Of
the choices that fit, the one that reads the fewest bytes is taken. Without a buffer each tile reads all it needs.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product

import numpy as np

from tlm.feature_map import ELEMENT, Count, FeatureMap
from tlm.gemm import Gemm
from tlm.memory import Memory
from tlm.sat.dataflow import dataflow_of, group_of
from tlm.sat.mapping import Mapping

WHOLE, PANEL, NOTHING = "whole", "panel", "nothing"


@dataclass(frozen=True)
class Traffic:
    """The off-chip reads of a GEMM under a mapping."""

    gemm: Gemm
    mapping: Mapping
    memory: Memory

    @property
    def total(self) -> tuple[float, float]:
        """Bytes of all reads: (values, indices)."""
        kept_a, kept_b = self.kept
        weights, count = self._weights * self._passes_b(kept_b) * self._share_b(kept_b), self.gemm.count
        return count * (self._total_a(kept_a) + weights * ELEMENT), count * weights * self._index_bits / 8

    @property
    def tiles(self) -> tuple[int, int]:
        """Tiles, and how many of them read anything: all, or where both operands are kept, the first of each panel."""
        mapping, gemm = self.mapping, self.gemm
        down, across, along = (
            -(-total // size)
            for total, size in ((gemm.m, mapping.rows), (gemm.n, mapping.columns), (gemm.k, mapping.depth))
        )
        reading = down * across if NOTHING in self.kept else down + across - 1
        return self.gemm.count * down * across * along, self.gemm.count * reading * along

    @cached_property
    def kept(self) -> tuple[str, str]:
        """The part of a, and of b, that the buffer keeps: of the pairs that fit, that of fewest bytes, then of least
        space.

        Bytes read of an operand, blocks running row by row: whole, each of its bytes once; a panel of a (its rows of
        one row of blocks), each once, too, since the row's blocks follow one another; nothing, all of a again for each
        column of blocks, all of b for each row of blocks. A panel of b would be left after each block and read again
        in the next row: it saves nothing, and is no candidate. With columns first a and b change places.
        """
        held, streamed = (WHOLE, PANEL, NOTHING), (WHOLE, NOTHING)
        pairs = product(held, streamed) if self.mapping.order == "rows" else product(streamed, held)
        fitting = [
            pair for pair in pairs if self._space_a(pair[0]) + self._space_b(pair[1]) <= self.memory.buffer_bytes
        ]
        return min(
            fitting,
            key=lambda pair: (
                self._total_a(pair[0]) + self._total_b(pair[1]),
                self._space_a(pair[0]) + self._space_b(pair[1]),
            ),
        )

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
    def _index_bits(self) -> int:
        return (self.gemm.sparsity.m - 1).bit_length() if self.gemm.sparsity else 0

    @property
    def uneven(self) -> bool:
        """Whether rows of tiles differ in what they read of a."""
        return self.kept[0] == PANEL and self.gemm.source is not None

    def panels(self, first: Count, end: Count) -> Count:
        """Bytes of a's panels with rows first .. end - 1."""
        return _panel(self.gemm.k, self.gemm.source, first, end)

    @cached_property
    def _whole_a(self) -> int:
        matrix = self.gemm.m * self.gemm.k * ELEMENT
        return min(matrix, self.gemm.source.bytes) if self.gemm.source else matrix

    @property
    def _panels_a(self) -> tuple[int, int]:
        return _panels(self.gemm.m, self.gemm.k, self.gemm.source, self.mapping.rows)

    @property
    def _weights(self) -> int:
        """Kept weights of b."""
        group, values = group_of(self.gemm)
        weights_stay = dataflow_of(self.mapping.dataflow).weight_stationary
        exact = self.gemm.sparsity is None and not weights_stay  # no zeros fill the last group
        lines = self.gemm.k if exact else -(-self.gemm.k // group) * values
        return lines * self.gemm.n

    @property
    def _whole_b(self) -> float:
        return self._weights * (16 + self._index_bits) / 8

    def _space_a(self, kept: str) -> float:
        return {WHOLE: lambda: self._whole_a, PANEL: lambda: self._panels_a[0], NOTHING: lambda: 0}[kept]()

    def _space_b(self, kept: str) -> float:
        share = min(1, self.mapping.columns / self.gemm.n)
        return {WHOLE: self._whole_b * self._share_b(WHOLE), PANEL: self._whole_b * share, NOTHING: 0}[kept]

    def _total_a(self, kept: str) -> float:
        again = self.gemm.m * self.gemm.k * ELEMENT * -(-self.gemm.n // self.mapping.columns)
        return {WHOLE: lambda: self._whole_a, PANEL: lambda: self._panels_a[1], NOTHING: lambda: again}[kept]()

    def _total_b(self, kept: str) -> float:
        return self._whole_b * self._passes_b(kept) * self._share_b(kept)

    def _share_b(self, kept: str) -> float:
        """The share of b's matrix that is read: of an im2col matrix that is kept whole, its images alone."""
        source, (group, values) = self.gemm.source_b, group_of(self.gemm)
        if kept != WHOLE or source is None:
            return 1
        images = source.batch * source.height * source.width * -(-source.channels // group) * values
        return min(1, images / self._weights)

    def _passes_b(self, kept: str) -> int:
        return -(-self.gemm.m // self.mapping.rows) if kept == NOTHING else 1


def _panel(k: int, source: FeatureMap | None, first: Count, end: Count) -> Count:
    """Bytes of rows first .. end - 1 of a, of k elements each; of each of many panels."""
    matrix = (end - first) * k * ELEMENT
    return np.minimum(matrix, source.touched(first, end)) if source else matrix


@lru_cache(maxsize=4096)  # a scheduler asks for the same ones again and again
def _panels(m: int, k: int, source: FeatureMap | None, rows: int) -> tuple[int, int]:
    """Bytes of the largest of the panels with so many rows of a, and of all of them."""
    first = np.arange(0, m, rows)
    sizes = np.asarray(_panel(k, source, first, np.minimum(first + rows, m)))
    return int(sizes.max()), int(sizes.sum())
