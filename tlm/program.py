"""A GEMM as a list of tile transactions, read by the timeline (which costs it) and by the engines (which run it)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rtl.config import BEAT, SatConfig
from tlm.gemm import OUTPUT_BYTES, Gemm
from tlm.mapping import Mapping, group_of, mapping_of
from tlm.memory import BUFFER_LATENCY, transaction
from tlm.runs import Run, places, stretches
from tlm.traffic import Traffic


@dataclass(frozen=True)
class Tile:
    """One load-compute-store transaction: a block of the result and a stretch of k that fits the operand banks.

    start, depth    the stretch of k; its groups have `group` elements with `values` kept of each
    stationary      'os': sums stay in the array, a step is a kept weight of each group; 'ws': weights stay, and it is
                    a kept weight of the row's group for each row of the result
    first   accumulators start from zero; last: the block is complete and leaves the array
    item    which of the GEMM's products it is part of
    """

    row: int
    rows: int
    column: int
    columns: int
    start: int
    depth: int
    group: int
    values: int
    stationary: str
    first: bool
    last: bool
    item: int = 0

    @property
    def weights(self) -> bool:
        """Weights are stationary."""
        return self.stationary == "ws"

    @property
    def depth_groups(self) -> int:
        """Groups in the stretch of k."""
        return -(-self.depth // self.group)

    @property
    def beats(self) -> int:
        """Activation beats of a group."""
        return self.group // BEAT

    @property
    def groups(self) -> int:
        """Groups of activations that each row of the array takes."""
        return self.rows if self.weights else self.depth_groups

    @property
    def tail(self) -> int:
        """Values of the last group. Only stationary sums need not step through the zeros that fill a dense one."""
        dense = self.group == self.values
        return (self.depth - 1) % self.group + 1 if dense and not self.weights else self.values

    @property
    def west_lines(self) -> int:
        """Operand lines with activations: BEAT elements for each row of the array."""
        return self.groups * self.beats

    @property
    def north_lines(self) -> int:
        """Operand lines with weights: one kept value for each column of the tile."""
        return (self.depth_groups - 1) * self.values + self.tail

    @property
    def turns(self) -> int:
        """Turns of the interleaved outputs."""
        return (self.groups - 1) * self.values + self.tail


@dataclass(frozen=True)
class Program:
    """The tiles of one GEMM on one configuration, and what each transaction takes."""

    gemm: Gemm
    config: SatConfig
    mapping: Mapping

    @property
    def dataflow(self) -> str:
        """'os' or 'ws'."""
        return self.mapping.dataflow

    @property
    def tile(self) -> list[int]:
        """Rows, elements of k and columns of a full tile."""
        gemm, mapping = self.gemm, self.mapping
        return [min(mapping.rows, gemm.m), min(mapping.depth, gemm.k), min(mapping.columns, gemm.n)]

    @cached_property
    def traffic(self) -> Traffic:
        """What is read off-chip."""
        return Traffic(self.gemm, self.config, self.mapping)

    @property
    def work(self) -> Gemm:
        """What is done, with its layer and stage."""
        return self.gemm

    @property
    def macs(self) -> int:
        """Multiply-adds that are done."""
        return self.gemm.macs

    def tiles(self) -> Iterator[Tile]:
        """All tiles, in the order in which they run: blocks as the mapping says, and in each block k ascending."""
        for item in range(self.gemm.count):
            for row, column in self.mapping.blocks(self.gemm):
                for start in range(0, self.gemm.k, self.mapping.depth):
                    yield self._tile(row, column, start, item)

    def _tile(self, row: int, column: int, start: int, item: int = 0) -> Tile:
        gemm, mapping = self.gemm, self.mapping
        group, values = group_of(gemm)
        return Tile(
            row,
            min(mapping.rows, gemm.m - row),
            column,
            min(mapping.columns, gemm.n - column),
            start,
            min(mapping.depth, gemm.k - start),
            group,
            values,
            mapping.dataflow,
            start == 0,
            start + mapping.depth >= gemm.k,
            item,
        )

    def runs(self) -> Run:
        """The same tiles in short."""
        mapping, gemm = self.mapping, self.gemm
        rows, columns = self._row_kinds(), places(gemm.n, mapping.columns)
        depths = list(stretches(places(gemm.k, mapping.depth)))

        def block(row: int, column: int) -> Run:
            return Run(
                tuple(
                    Run((self._tile(row * mapping.rows, column * mapping.columns, start * mapping.depth),), count)
                    for start, count in depths
                )
            )

        if mapping.order == "rows":
            one = _nested(rows, columns, block)
        else:
            one = _nested(columns, rows, lambda column, row: block(row, column))
        return Run((one,), gemm.count)

    def _row_kinds(self) -> np.ndarray:
        """Kinds of the rows of blocks: where each reads a panel of images, by the cycles that its loads take."""
        rows, m = self.mapping.rows, self.gemm.m
        kinds, first = places(m, rows), np.arange(0, m, rows)
        if not self.traffic.uneven or len(kinds) == 1:
            return kinds
        alike = 4 * self.traffic.panels(first, np.minimum(first + rows, m)) + kinds
        _, example, which = np.unique(alike, return_index=True, return_inverse=True)
        starts = [start for start, _ in stretches(places(self.gemm.k, self.mapping.depth))]
        loads = [
            tuple(self.read_cycles(self._tile(place * rows, 0, start * self.mapping.depth)) for start in starts)
            for place in example.tolist()
        ]
        number = {load: i for i, load in enumerate(dict.fromkeys(loads))}
        return 4 * np.array([number[load] for load in loads])[which] + kinds

    def steps(self, tile: Tile) -> int:
        """Cycles the array is busy: the turns."""
        return tile.turns * self.config.turn

    def hop(self, tile: Tile) -> int:
        """Cycles by which a row of the array is behind the one above: where weights stay, a group's steps."""
        return tile.values * self.config.turn if tile.weights else 1

    def lines(self, tile: Tile) -> int:
        """Operand lines of the load."""
        return tile.west_lines + tile.north_lines

    @property
    def bytes_moved(self) -> tuple[float, float, int]:
        """Of all tiles: (values read, indices read, results written)."""
        gemm = self.gemm
        return *self.traffic.total, gemm.count * gemm.m * gemm.n * OUTPUT_BYTES[gemm.output]

    def read_bytes(self, tile: Tile) -> tuple[float, float]:
        """Bytes that the load reads off-chip: (values, indices). A dense weight needs no index."""
        values, indices = self.traffic.of_b(tile.row, tile.north_lines, tile.columns)
        return self.traffic.of_a(tile.row, tile.rows, tile.column, tile.depth) + values, indices

    def read_cycles(self, tile: Tile) -> int:
        """Cycles of the load, whose lines come from memory, or all from the on-chip buffer."""
        size = sum(self.read_bytes(tile))
        return transaction(
            self.lines(tile),
            size,
            self.config.read_bytes_per_cycle,
            self.config.memory_latency if size else BUFFER_LATENCY,
        )

    def slots(self, tile: Tile) -> int:
        """Interleaved outputs of each processing element that hold columns of the result."""
        return -(-tile.columns // self.config.columns)

    def words(self, tile: Tile) -> int:
        """Words of the store: one for each row and slot."""
        return tile.rows * self.slots(tile)

    def word_of(self, tile: Tile, row: int, column: int) -> int | None:
        """Which word of the tile's block has that element of the result, if one has."""
        down, right = row - tile.row, column - tile.column
        inside = 0 <= down < tile.rows and 0 <= right < tile.columns
        return right // self.config.columns * tile.rows + down if inside else None

    def write_bytes(self, tile: Tile) -> int:
        return tile.rows * tile.columns * OUTPUT_BYTES[self.gemm.output]

    def write_cycles(self, tile: Tile) -> int:
        return transaction(
            self.words(tile), self.write_bytes(tile), self.config.write_bytes_per_cycle, self.config.memory_latency
        )


def _nested(outer: np.ndarray, inner: np.ndarray, part: Callable[[int, int], Run]) -> Run:
    """Two loops over places of these kinds; what is inside is made once for each kind of the outer loop."""
    bodies: dict[int, Run] = {}
    runs = []
    for place, count in stretches(outer):
        kind = int(outer[place])
        if kind not in bodies:
            bodies[kind] = Run(tuple(Run((part(place, other),), times) for other, times in stretches(inner)))
        runs.append(Run((bodies[kind],), count))
    return Run(tuple(runs))


def schedule(gemm: Gemm, config: SatConfig, mapping: Mapping | str = "os") -> Program:
    """The program of a GEMM.

    mapping  a dataflow, 'os' or 'ws', with the largest tiles that fit; or a Mapping
    Raises ValueError for a group longer than the datapath's largest M, an unknown dataflow, and tiles that do not fit.
    """
    return Program(gemm, config, mapping_of(gemm, config, mapping))
