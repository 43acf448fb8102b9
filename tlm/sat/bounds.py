"""Bounds of the cycles that a GEMM takes on SAT, under each of many mappings at once, by which a search stops early."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from rtl.sat import timing
from rtl.sat.config import SatConfig
from tlm.gemm import Gemm
from tlm.memory import Count, Memory
from tlm.sat.dataflow import group_of
from tlm.sat.mapping import Mappings
from tlm.sat.tile_sums import Part, TileSums
from tlm.sat.traffic import Traffic

ROUNDING = 1e-12  # of sums and quotients of floating-point numbers, relative, far more than they have


class Until(NamedTuple):
    """The blocks up to a certain one, under each of many mappings.

    blocks        how many they are
    loads, steps  cycles of the loads, and of the steps, of all their tiles, one after another
    rows          of the block itself, the last of them
    stores        cycles of its own store and of all that follow, one after another
    """

    blocks: Count
    loads: Count
    steps: Count
    rows: np.ndarray
    stores: Count


@dataclass(frozen=True, eq=False)
class Bounds:
    """Bounds of a GEMM's cycles under mappings of one dataflow and order, arrays (mappings,).

    The read channel loads one tile after another, the array steps through one after another, the write channel stores
    one block after another; two operand banks take turns, and two sets of sums. Each of these makes a bound, and the
    largest of them is `least`.
    """

    gemm: Gemm
    config: SatConfig
    mappings: Mappings
    memory: Memory

    @cached_property
    def least(self) -> np.ndarray:
        """Cycles that each mapping takes at the least, whole numbers."""
        cycles = np.maximum.reduce([*map(self._by_block, self._untils), self._by_sums, self._by_lines])
        return np.ceil(cycles * (1 - ROUNDING))

    @cached_property
    def rank(self) -> np.ndarray:
        """A coarser bound, by which one of the mappings that take equal cycles is chosen.

        With the parts of `_by_block`, but of fewer bytes and lines, it is the largest of

            first load + all steps + drain + a store of one word      the first load: its lines of activations alone
            all loads, as lines + drain + a store of one word
            first load + drain + all stores, each row in at least one word
            all loads, as bytes + drain of rows without skew + a store of one word
        """
        sums, memory, gemm, (tiles, reading) = self._sums, self.memory, self.gemm, self._traffic.tiles
        first_lines = sums.flow.west_lines(sums.first_tile)
        first_load = timing.LOAD_SETUP + memory.reads_at_least(1, first_lines, 0, off_chip=1) + timing.START_SETUP
        loads = tiles * timing.LOAD_SETUP + memory.reads_at_least(tiles, sums.all_lines.all, 0)
        # A row of a block leaves in at least one word.
        words = gemm.count * gemm.m * sums.columns.tiles
        stores, one_store = self._stores(sums.whole_result._replace(words=words)), self._stores(Part(1, 1, 0))
        steps_or_loads = np.maximum(first_load + sums.all_steps.all, loads) + one_store
        values, indices = self._traffic.total
        reads = tiles * timing.LOAD_SETUP + memory.reads_at_least(tiles, 0, values + indices, off_chip=reading)
        reads = reads + timing.drain_lag(self.config.rows, self.config.columns, 0) + one_store
        return np.asarray(np.maximum(self._drain + np.maximum(steps_or_loads, first_load + stores), reads))

    def _by_block(self, until: Until) -> np.ndarray:
        """Cycles by a block: its last step, its drain, its store and all stores after that.

        With the loads and the steps of all tiles up to the block's last one, its last step ends no sooner than

            loads + start + last          the read channel loads one after another; then come the last tile's steps
            first load + start + steps    the array steps through one after another
            (loads + steps + tiles start + (tiles - 2) release + last) / 2

        The last is the mean of two: the block's last tile comes after all other tiles of its bank have been loaded,
        stepped through and released; and its steps come after all tiles of the other bank.
        """
        last_tile, tiles = self._sums.last_steps(until.rows), until.blocks * self._sums.depth.tiles
        by_banks = until.loads + until.steps + tiles * self._start + (tiles - 2) * self._release + last_tile
        in_turn = np.maximum(until.loads + last_tile, self._first_load + until.steps) + self._start
        return np.asarray(np.maximum(in_turn, by_banks / 2) + self._drain + until.stores)

    @property
    def _by_sums(self) -> np.ndarray:
        """Cycles by the two sets of sums: the mean of two, as with the banks in `_by_block`.

        The last block's store comes after all other blocks of its set have been stepped through, drained and stored;
        and it comes after all stores of the other set.
        """
        first, _, last = self._untils
        waits = last.blocks * self._drain + (last.blocks - 2) * timing.START_SETUP
        return np.asarray(self._first_load + self._start + (last.steps + first.stores + waits + last.stores) / 2)

    @property
    def _by_lines(self) -> np.ndarray:
        """Cycles by lines of blocks, rows or columns, whichever run one after another.

        The load of a line's first tile waits for the bank of the last tile but one of the line before. Its block is
        the last one (or the one before, where a block is one tile), and had to wait for the sums of the block two
        before. So all blocks of a line but two (or three), the `early` ones, are stored before the next line begins to
        load. From one line's begin to the next one's pass at least

            loads of its first block + start + last steps + drain + stores of its early blocks + wait for the bank

        In the first line of a product all blocks may load, of an operand that the buffer keeps from then on: there the
        loads of all early blocks and one store may be more than the loads of one and all their stores.
        """
        sums, by_rows = self._sums, self.mappings.order == "rows"
        lines, line = (sums.rows, sums.columns) if by_rows else (sums.columns, sums.rows)
        first, right, below, _ = self._loads
        others, rest = (below, right) if by_rows else (right, below)
        early = line.whole - np.where(sums.depth.whole, 1, 2)

        def store(size: np.ndarray, other: np.ndarray) -> Count:
            return self._stores(sums.part(size, other) if by_rows else sums.part(other, size))

        def line_cycles(size: np.ndarray) -> Count:
            steps = sums.last_steps(size if by_rows else line.size)
            waits = timing.START_SETUP + self._release + self._start + self._drain
            return early * store(size, line.size) + steps + waits

        more = (early - 1) * (rest / np.maximum(line.whole, 1) - store(lines.size, line.size))
        product = first + others + lines.sum(line_cycles) + np.maximum(more, 0)
        late = (line.whole - early) * store(lines.rest, line.size) + store(lines.rest, line.rest)
        cycles = self.gemm.count * product - timing.START_SETUP - self._release + late
        return np.where(early > 0, cycles, 0)

    @cached_property
    def _untils(self) -> list[Until]:
        """The blocks up to the first one, which has all stores after it; up to the end of the first line, which has
        most loads before it where the buffer keeps an operand; and all."""
        sums, count = self._sums, self.gemm.count
        rows, columns, block = sums.rows, sums.columns, sums.all_steps.block
        first, right, below, inner = self._loads
        if self.mappings.order == "rows":
            line = Until(
                columns.tiles, first + right, columns.tiles * block, rows.size, self._stores_but(columns.whole)
            )
        else:
            line = Until(rows.tiles, first + below, sums.all_steps.column, rows.rest, self._stores_but(rows.whole))
        last = self._stores(sums.part(rows.rest, columns.rest))
        loads = count * (first + right + below + inner)
        return [
            Until(1, first, block, rows.size, self._stores_but(0)),
            line,
            Until(sums.blocks, loads, sums.all_steps.all, rows.rest, last),
        ]

    @cached_property
    def _loads(self) -> list[Count]:
        """Cycles of the loads of each of `Traffic.regions`."""
        sums, along = self._sums, self._sums.depth.tiles
        block = sums.all_lines.block
        others, across = sums.all_lines.column - block, sums.columns.whole
        lines = [block, block * across, others, others * across]
        return [
            self._load(region.blocks * along, number, region.size, region.reading * along)
            for region, number in zip(self._traffic.regions, lines, strict=True)
        ]

    @cached_property
    def _first_load(self) -> Count:
        """Cycles of the load of the first tile, which has its share in the bytes that the first block reads."""
        k, (group, _), tile = self.gemm.k, group_of(self.gemm), self._sums.first_tile
        share = np.minimum(tile.depth / k, -(-tile.depth // group) / -(-k // group))  # of a; of b, in whole groups
        return self._load(1, self._sums.lines(tile), self._traffic.regions[0].size * share, 1)

    def _load(self, tiles: Count, lines: Count, size: Count, off_chip: Count) -> Count:
        """Cycles of so many loads, one after another."""
        return tiles * timing.LOAD_SETUP + self.memory.reads_at_least(tiles, lines, size, off_chip=off_chip)

    def _stores(self, part: Part) -> Count:
        """Cycles of the stores of some blocks, one after another."""
        return part.blocks * timing.STORE_SETUP + self.memory.writes_at_least(*part)

    def _stores_but(self, before: Count) -> Count:
        """Cycles of all stores but of so many blocks of full size, one after another."""
        sums = self._sums
        block = sums.part(sums.rows.size, sums.columns.size)
        return self._stores(Part(*(one - before * less for one, less in zip(sums.whole_result, block, strict=True))))

    @cached_property
    def _start(self) -> int:
        """Cycles from the end of a tile's load to its first step."""
        stationary = self._sums.flow.stationary(self._sums.first_tile, self.config)
        return timing.START_SETUP + (stationary.lead if stationary else 0)

    @cached_property
    def _release(self) -> int:
        """Cycles from a tile's last step until its operand bank is free."""
        return timing.release_lag(self.config.rows, self.config.columns, self._row_skew)

    @cached_property
    def _drain(self) -> int:
        """Cycles from a block's last step until its sums stand."""
        return timing.drain_lag(self.config.rows, self.config.columns, self._row_skew)

    @property
    def _row_skew(self) -> int:
        return self._sums.flow.row_skew(self._sums.first_tile, self.config)

    @cached_property
    def _sums(self) -> TileSums:
        return TileSums(self.gemm, self.config, self.mappings)

    @cached_property
    def _traffic(self) -> Traffic:
        return Traffic(self.gemm, self.mappings, self.memory)
