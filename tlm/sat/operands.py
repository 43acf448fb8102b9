"""The operands of a GEMM in off-chip memory: their bytes, and how many of them are read by what a buffer keeps.

The parts of an operand that a buffer may keep: all of it; the panel of it that a row (or column) of blocks works on;
or nothing. Under many mappings at once numbers are arrays (mappings,).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tlm.feature_map import ELEMENT, Rows
from tlm.gemm import Gemm
from tlm.memory import Count
from tlm.sat.dataflow import dataflow_of, group_of
from tlm.sat.mapping import Mapping, Mappings
from tlm.sat.panels import panel, panels

WHOLE, PANEL, NOTHING = "whole", "panel", "nothing"


@dataclass(frozen=True)
class Activations:
    """a (m, k), or the images of which it is the im2col matrix."""

    gemm: Gemm
    mapping: Mapping | Mappings

    @cached_property
    def whole(self) -> int:
        """Bytes of the matrix, or of the images if they are fewer."""
        matrix = self.gemm.m * self.gemm.k * ELEMENT
        return min(matrix, self.gemm.source.bytes) if self.gemm.source else matrix

    def space(self, kept: str) -> Count:
        """Bytes of the buffer that the part takes."""
        return self._panels[0] if kept == PANEL else {WHOLE: self.whole, NOTHING: 0}[kept]

    def read(self, kept: str) -> Count:
        """Bytes that all blocks read: those of a column of blocks, once or for each column of blocks."""
        return self.of_column(kept) * (-(-self.gemm.n // self.mapping.columns) if kept == NOTHING else 1)

    def of_column(self, kept: str) -> Count:
        """Bytes that a column of blocks reads, if it reads any."""
        if kept == NOTHING:
            return self.gemm.m * self.gemm.k * ELEMENT
        return self._panels[1] if kept == PANEL else self.whole

    def of_first_block(self, kept: str) -> Count:
        """Bytes that the first block reads."""
        rows = np.minimum(self.mapping.rows, self.gemm.m)
        if kept == PANEL:
            return self.panels(0, rows)
        return rows * self.gemm.k * ELEMENT if kept == NOTHING else self.whole * rows / self.gemm.m

    def panels(self, first: Rows, end: Rows) -> Rows:
        """Bytes of panels with rows first .. end - 1."""
        return panel(self.gemm.k, self.gemm.source, first, end)

    @property
    def empty_panels(self) -> Count:
        """Panels but the first that have no bytes, since their windows lie in the padding."""
        return self._panels[2]

    @cached_property
    def _panels(self) -> tuple[Count, Count, Count]:
        gemm, rows = self.gemm, self.mapping.rows
        if not isinstance(rows, np.ndarray):
            return panels(gemm.m, gemm.k, gemm.source, rows)
        sizes, which = np.unique(rows, return_inverse=True)
        found = np.array([panels(gemm.m, gemm.k, gemm.source, int(size)) for size in sizes.tolist()], float)
        largest, total, empty = found[which].T
        return largest, total, empty


@dataclass(frozen=True)
class Weights:
    """The kept values of b (k, n) and their indices; of a b that is an im2col matrix, its images or it."""

    gemm: Gemm
    mapping: Mapping | Mappings

    @cached_property
    def values(self) -> int:
        """Kept values."""
        group, kept = group_of(self.gemm)
        weights_stay = dataflow_of(self.mapping.dataflow).weight_stationary
        exact = self.gemm.sparsity is None and not weights_stay  # no zeros fill the last group
        lines = self.gemm.k if exact else -(-self.gemm.k // group) * kept
        return lines * self.gemm.n

    @cached_property
    def index_bits(self) -> int:
        """Bits of a value's index in its group; a dense one needs none."""
        return (self.gemm.sparsity.m - 1).bit_length() if self.gemm.sparsity else 0

    @cached_property
    def whole(self) -> float:
        """Bytes of all values and indices."""
        return self.values * (16 + self.index_bits) / 8

    def space(self, kept: str) -> Count:
        """Bytes of the buffer that the part takes."""
        if kept == PANEL:
            return self.whole * np.minimum(1, self.mapping.columns / self.gemm.n)
        return {WHOLE: self.whole * self.share(WHOLE), NOTHING: 0}[kept]

    def read(self, kept: str) -> Count:
        """Bytes that all blocks read: values and indices."""
        return self.whole * self._passes(kept) * self.share(kept)

    def read_values(self, kept: str) -> Count:
        """Values that all blocks read."""
        return self.values * self._passes(kept) * self.share(kept)

    def of_row(self, kept: str) -> float:
        """Bytes that a row of blocks reads, if it reads any."""
        return self.whole * self.share(kept)

    def share(self, kept: str) -> float:
        """The share of the matrix that is read: of an im2col matrix that is kept whole, its images alone."""
        source, (group, values) = self.gemm.source_b, group_of(self.gemm)
        if kept != WHOLE or source is None:
            return 1
        images = source.batch * source.height * source.width * -(-source.channels // group) * values
        return min(1, images / self.values)

    def _passes(self, kept: str) -> Count:
        return -(-self.gemm.m // self.mapping.rows) if kept == NOTHING else 1
