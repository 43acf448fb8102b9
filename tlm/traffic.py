"""What of a GEMM's operands comes from off-chip memory, and what is still in the on-chip buffer.

The buffer keeps an operand whole, or the panel of it that a row (or column) of blocks works on, or nothing of it. Of
the choices that fit, the one that reads the fewest bytes is taken. Without a buffer each tile reads all it needs.
"""
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from rtl.config import SatConfig
from tlm.feature_map import ELEMENT
from tlm.gemm import Gemm
from tlm.mapping import Mapping, group_of

WHOLE, PANEL, NOTHING = "whole", "panel", "nothing"


@dataclass(frozen=True)
class Traffic:
    """The off-chip reads of a GEMM under a mapping."""

    gemm: Gemm
    config: SatConfig
    mapping: Mapping

    @cached_property
    def kept(self) -> tuple[str, str]:
        """What the buffer keeps of a, and of b."""
        # The panel of the operand that the inner loop works through again and again would be read again, too.
        held, streamed = (WHOLE, PANEL, NOTHING), (WHOLE, NOTHING)
        pairs = product(held, streamed) if self.mapping.order == "rows" else product(streamed, held)
        fitting = [pair for pair in pairs
                   if self._space_a(pair[0]) + self._space_b(pair[1]) <= 1024 * self.config.buffer_kib]
        return min(fitting, key=lambda pair: (self._total_a(pair[0]) + self._total_b(pair[1]),
                                              self._space_a(pair[0]) + self._space_b(pair[1])))

    def of_a(self, row: int, rows: int, column: int, depth: int) -> float:
        """Bytes of a that the tile at that row and column reads."""
        kept = self.kept[0]
        if kept == NOTHING:
            return float(rows * depth * ELEMENT)
        if column:
            return 0.0
        if kept == PANEL:
            return self._panel_a(row, row + rows) * depth / self.gemm.k
        return self._whole_a * (rows * depth) / (self.gemm.m * self.gemm.k)

    def of_b(self, row: int, lines: int, columns: int) -> tuple[float, float]:
        """Bytes of b that the tile of that row, with those lines of weights, reads: (values, indices)."""
        if row and self.kept[1] != NOTHING:
            return 0.0, 0.0
        return float(lines * columns * ELEMENT), lines * columns * self._index_bits / 8

    @property
    def _index_bits(self) -> int:
        return (self.gemm.sparsity.m - 1).bit_length() if self.gemm.sparsity else 0

    def _panel_a(self, first: int, end: int) -> int:
        matrix = (end - first) * self.gemm.k * ELEMENT
        return min(matrix, self.gemm.source.touched(first, end)) if self.gemm.source else matrix

    @cached_property
    def _whole_a(self) -> int:
        matrix = self.gemm.m * self.gemm.k * ELEMENT
        return min(matrix, self.gemm.source.bytes) if self.gemm.source else matrix

    @cached_property
    def _panels_a(self) -> list[int]:
        size, m = self.mapping.rows, self.gemm.m
        return [self._panel_a(row, min(row + size, m)) for row in range(0, m, size)]

    @property
    def _whole_b(self) -> float:
        group, values = group_of(self.gemm)
        return -(-self.gemm.k // group) * values * self.gemm.n * (16 + self._index_bits) / 8

    def _space_a(self, kept: str) -> float:
        return {WHOLE: lambda: self._whole_a, PANEL: lambda: max(self._panels_a), NOTHING: lambda: 0}[kept]()

    def _space_b(self, kept: str) -> float:
        share = min(1, self.mapping.columns / self.gemm.n)
        return {WHOLE: self._whole_b, PANEL: self._whole_b * share, NOTHING: 0}[kept]

    def _total_a(self, kept: str) -> float:
        again = self.gemm.m * self.gemm.k * ELEMENT * -(-self.gemm.n // self.mapping.columns)
        return {WHOLE: lambda: self._whole_a, PANEL: lambda: sum(self._panels_a), NOTHING: lambda: again}[kept]()

    def _total_b(self, kept: str) -> float:
        return self._whole_b * (-(-self.gemm.m // self.mapping.rows) if kept == NOTHING else 1)
