"""The bytes that SIGMA reads off-chip; the rest it finds in the on-chip buffer of the memory side.

An operand that the buffer can keep as long as it is needed is read once. In memory it is a bitmap, a bit for each
element, and the values other than zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rtl.sigma import layouts
from rtl.sigma.config import SigmaConfig
from tlm.gemm import Gemm
from tlm.memory import Memory
from tlm.sigma.mapping import SigmaMapping
from tlm.sigma.tile import SigmaTile
from tlm.sigma.zeros import ZeroPattern

ELEMENT = 2  # bytes of an operand's value


@dataclass(frozen=True)
class SigmaTraffic:
    """The bytes that a program's tiles read."""

    gemm: Gemm
    config: SigmaConfig
    mapping: SigmaMapping
    memory: Memory
    zeros: ZeroPattern

    def of(self, tile: SigmaTile, records: int) -> tuple[float, float]:
        """(values, bitmaps and settings) that a tile reads, whose records are so many lines."""
        values = indices = 0.0
        if not self.kept[0] or self._first(tile, 1):
            bitmap = tile.rows * tile.depth / 8 if tile.number == 0 else 0
            values = tile.fold.values * ELEMENT * self._images[0]
            indices = bitmap + (records - tile.fold.engines) * layouts.line_bits(self.config) / 8
        if tile.loads_stream and (not self.kept[1] or self._first(tile, 0)):
            values += tile.streamed * ELEMENT * self._images[1]
            indices += tile.depth * tile.columns / 8
        return values, indices

    def _first(self, tile: SigmaTile, along: int) -> bool:
        """Whether no block before the tile's, along the rows (0) or the columns (1), has had its chunk of k."""
        place = (tile.row, tile.column)[along]
        if place == 0 or self.zeros.uniform or not tile.fold.values:
            return place == 0
        size = (self.mapping.rows, self.mapping.columns)[along]
        block = [slice(tile.row, tile.row + tile.rows), slice(tile.column, tile.column + tile.columns)]
        for before in range(0, place, size):  # hardly ever more than one: it has values in any
            block[along] = slice(before, before + size)
            if any(self.zeros.counts(tile.item, block[0], slice(tile.start, tile.start + tile.depth), block[1])):
                return False
        return True

    @cached_property
    def kept(self) -> tuple[bool, bool]:
        """The buffer keeps the stationary, and the streamed operand: both, the one that saves more, or neither.

        Without a buffer the loops read each operand once in each of `_passes`; kept, it is read once, and of an im2col
        matrix its images alone. The difference is what keeping it saves. The inner loop comes back to its operand after
        a whole turn, so all of it must fit; of the outer loop's operand the block at work is enough.
        """
        mapping, passes, sizes = self.mapping, self._passes, self._sizes(self._images_if_kept)
        parts = (1 / passes[1], 1) if mapping.order == "rows" else (1, 1 / passes[0])
        saved = [
            again * whole - once for again, whole, once in zip(passes, self._sizes((1.0, 1.0)), sizes, strict=True)
        ]
        kept, room = [False, False], float(self.memory.buffer_bytes)
        for side in sorted((0, 1), key=lambda side: -saved[side]):
            needed = sizes[side] * parts[side]
            if saved[side] > 0 and needed <= room:
                kept[side], room = True, room - needed
        return kept[0], kept[1]

    @property
    def estimate(self) -> tuple[float, float]:
        """About the bytes that are read of the stationary and of the streamed operand in all: as in `kept`."""
        sizes = zip(self._sizes(self._images), self.kept, self._passes, strict=True)
        stationary, streamed = (size * (1 if kept else again) for size, kept, again in sizes)
        return stationary, streamed

    @property
    def _passes(self) -> tuple[int, int]:
        """Passes of the loops through the stationary, and the streamed operand: one a column, or row, of blocks."""
        (rows, _, columns), mapping = self.mapping.sides(self.gemm), self.mapping
        return -(-columns // mapping.columns), -(-rows // mapping.rows)

    def _sizes(self, images: Sequence[float]) -> tuple[float, float]:
        """Bytes of the operands, with such shares of their values; of the stationary one with its settings, which take
        as many lines as Flex-DPEs are in use."""
        rows, k, columns = self.mapping.sides(self.gemm)
        record = layouts.pieces(layouts.engine_record(self.config), self.config) - 1
        settings = record * layouts.line_bits(self.config) / 8 / self.config.lanes  # of a value
        stays, streams = (length * k * share for length, share in zip((rows, columns), self.zeros.shares, strict=True))
        return (
            stays * (ELEMENT * images[0] + settings) + rows * k / 8,
            streams * ELEMENT * images[1] + columns * k / 8,
        )

    @cached_property
    def _images(self) -> list[float]:
        """The share of each operand's values that is read: of an im2col matrix that is kept, its images alone."""
        return [share if kept else 1 for share, kept in zip(self._images_if_kept, self.kept, strict=True)]

    @cached_property
    def _images_if_kept(self) -> tuple[float, float]:
        gemm = self.gemm
        of_a, of_b = (
            1.0 if source is None else min(1.0, source.bytes / (ELEMENT * lines * gemm.k))
            for source, lines in zip(gemm.sources, (gemm.m, gemm.n), strict=True)
        )
        return (of_a, of_b) if self.mapping.stationary == "mk" else (of_b, of_a)
