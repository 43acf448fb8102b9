"""Sums over the tiles of a GEMM under each of many mappings at once: steps, lines, words and bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from rtl.sat.config import SatConfig
from tlm.gemm import OUTPUT_BYTES, Gemm
from tlm.memory import Count
from tlm.sat.dataflow import Dataflow, dataflow_of, group_of
from tlm.sat.mapping import Mappings


class Cut(NamedTuple):
    """A dimension in tiles: `whole` ones of a size, and one more of the rest, which may be as large.

    Arrays (mappings,) of floating-point numbers, which are exact up to 2^53 and do not overflow beyond.
    """

    whole: np.ndarray
    size: np.ndarray
    rest: np.ndarray

    @classmethod
    def of(cls, total: int, sizes: np.ndarray) -> "Cut":
        """The cut of a dimension into tiles of these sizes."""
        size = np.minimum(sizes, total).astype(float)
        whole = -(-total // size) - 1
        return cls(whole, size, total - whole * size)

    @property
    def tiles(self) -> np.ndarray:
        """The number of tiles."""
        return self.whole + 1

    def sum(self, of: Callable[[np.ndarray], Count]) -> np.ndarray:
        """The sum of `of(size)` over them."""
        return self.whole * of(self.size) + of(self.rest)


class Shapes(NamedTuple):
    """A tlm.sat.dataflow.TileShape of each mapping."""

    rows: np.ndarray
    depth: np.ndarray
    group_size: int
    kept_per_group: int


class Sums(NamedTuple):
    """Sums over tiles: of the first block, of a column of blocks, and of all blocks of all products."""

    block: np.ndarray
    column: np.ndarray
    all: np.ndarray


class Part(NamedTuple):
    """Blocks of the result: how many, and the words and bytes of their stores."""

    blocks: Count
    words: Count
    size: Count


@dataclass(frozen=True, eq=False)
class TileSums:
    """The tiles of a GEMM under mappings of one dataflow and order; all arrays are (mappings,)."""

    gemm: Gemm
    config: SatConfig
    mappings: Mappings

    @cached_property
    def rows(self) -> Cut:
        """Rows of the result in blocks."""
        return Cut.of(self.gemm.m, self.mappings.rows)

    @cached_property
    def columns(self) -> Cut:
        """Columns of the result in blocks."""
        return Cut.of(self.gemm.n, self.mappings.columns)

    @cached_property
    def depth(self) -> Cut:
        """k in the tiles of a block."""
        return Cut.of(self.gemm.k, self.mappings.depth)

    @cached_property
    def flow(self) -> Dataflow:
        """The dataflow of all."""
        return dataflow_of(self.mappings.dataflow)

    @property
    def blocks(self) -> np.ndarray:
        """Blocks of the result, of all products."""
        return self.gemm.count * self.rows.tiles * self.columns.tiles

    def tile(self, rows: np.ndarray, depth: np.ndarray) -> Shapes:
        """A tile of these rows and this stretch of k."""
        return Shapes(rows, depth, *group_of(self.gemm))

    @property
    def first_tile(self) -> Shapes:
        """The first one, which is one of the largest."""
        return self.tile(self.rows.size, self.depth.size)

    def lines(self, tile: Shapes) -> Count:
        """Operand lines of a tile."""
        return self.flow.lines(tile)

    def steps(self, tile: Shapes) -> Count:
        """Cycles of a tile's steps."""
        return self.flow.turns(tile) * self.config.turn

    def last_steps(self, rows: np.ndarray) -> Count:
        """Cycles of the steps of the last tile of a block of so many rows."""
        return self.steps(self.tile(rows, self.depth.rest))

    @cached_property
    def all_lines(self) -> Sums:
        """Operand lines of tiles."""
        return self._sums(self.lines)

    @cached_property
    def all_steps(self) -> Sums:
        """Cycles of the steps of tiles."""
        return self._sums(self.steps)

    def _sums(self, of: Callable[[Shapes], Count]) -> Sums:
        def of_block(rows: np.ndarray) -> np.ndarray:
            return self.depth.sum(lambda depth: of(self.tile(rows, depth)))

        block = of_block(self.rows.size)
        column = self.rows.whole * block + of_block(self.rows.rest)
        return Sums(block, column, self.gemm.count * self.columns.tiles * column)

    def part(self, rows: np.ndarray, columns: np.ndarray) -> Part:
        """A block of so many rows and columns: a word for each row and interleaved output."""
        slots = -(-columns // self.config.columns)
        return Part(1, rows * slots, rows * columns * OUTPUT_BYTES[self.gemm.output])

    @cached_property
    def whole_result(self) -> Part:
        """All blocks, of all products."""
        gemm, slots = self.gemm, self.columns.sum(lambda columns: -(-columns // self.config.columns))
        return Part(self.blocks, gemm.count * gemm.m * slots, gemm.count * gemm.m * gemm.n * OUTPUT_BYTES[gemm.output])
