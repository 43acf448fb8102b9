"""A GEMM as a list of tile transactions, read by the timeline (which costs it) and by the engines (which run it)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rtl.sat import timing
from rtl.sat.config import SatConfig
from tlm.gemm import OUTPUT_BYTES, Gemm
from tlm.memory import Memory, memory_of
from tlm.repeats import Repeat, again, places, stretches
from tlm.sat.dataflow import dataflow_of, group_of
from tlm.sat.gemm_times import GemmState, GemmTimes
from tlm.sat.mapping import Mapping, mapping_of
from tlm.sat.tile import Tile
from tlm.sat.traffic import Traffic
from tlm.transactions import Program, check_types


@dataclass(frozen=True)
class GemmProgram(Program):
    """The tiles of one GEMM on one SAT, and each transaction's lines, words, bytes and cycles."""

    gemm: Gemm
    config: SatConfig
    mapping: Mapping
    memory: Memory

    def __post_init__(self):
        check_types(self, gemm=Gemm, mapping=Mapping, memory=Memory)
        mapping_of(self.gemm, self.config, self.mapping)

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
        """The off-chip reads."""
        return Traffic(self.gemm, self.mapping, self.memory)

    @property
    def work(self) -> Gemm:
        """The GEMM, with its layer and stage."""
        return self.gemm

    def tiles(self) -> Iterator[Tile]:
        """All tiles, in the order in which they run: blocks as the mapping says, and in each block k ascending."""
        for item in range(self.gemm.count):
            for row, column in self.mapping.blocks(self.gemm):
                for start in range(0, self.gemm.k, self.mapping.depth):
                    yield self._tile(row, column, start, item)

    def _tile(self, row: int, column: int, start: int, item: int = 0) -> Tile:
        gemm, mapping = self.gemm, self.mapping
        group, kept = group_of(gemm)
        return Tile(
            row,
            min(mapping.rows, gemm.m - row),
            column,
            min(mapping.columns, gemm.n - column),
            start,
            min(mapping.depth, gemm.k - start),
            group,
            kept,
            dataflow_of(mapping.dataflow),
            start == 0,
            start + mapping.depth >= gemm.k,
            item,
        )

    def repeats(self) -> Repeat:
        """The same tiles told in short: a stretch of equal ones once."""
        return self._repeats

    @cached_property
    def _repeats(self) -> Repeat:
        mapping, gemm = self.mapping, self.gemm
        rows, columns = self._row_kinds(), places(gemm.n, mapping.columns)
        depths = list(stretches(places(gemm.k, mapping.depth)))

        def block(row: int, column: int) -> Repeat:
            return Repeat(
                tuple(
                    again(self._tile(row * mapping.rows, column * mapping.columns, start * mapping.depth), count)
                    for start, count in depths
                )
            )

        if mapping.order == "rows":
            one = _nested(rows, columns, block)
        else:
            one = _nested(columns, rows, lambda column, row: block(row, column))
        return Repeat((one,), gemm.count)

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
        """Cycles the array is busy: a turn's for each turn."""
        return tile.interleave_turns * self.config.turn

    def lines(self, tile: Tile) -> int:
        """Operand lines of the load."""
        return tile.west_lines + tile.north_lines

    @property
    def bytes_moved(self) -> tuple[float, float, int]:
        """Bytes that all tiles move off-chip: (values read, indices read, results written)."""
        gemm, (values, indices) = self.gemm, self.traffic.total
        return float(values), float(indices), gemm.count * gemm.m * gemm.n * OUTPUT_BYTES[gemm.output]

    def read_bytes(self, tile: Tile) -> tuple[float, float]:
        """Bytes that the load reads off-chip: (values, indices). A dense weight needs no index."""
        values, indices = self.traffic.of_b(tile.row, tile.north_lines, tile.columns)
        return self.traffic.of_a(tile.row, tile.rows, tile.column, tile.depth) + values, indices

    def slots(self, tile: Tile) -> int:
        """Interleaved outputs of each processing element that hold columns of the result."""
        return -(-tile.columns // self.config.columns)

    def beats(self, tile: Tile) -> int:
        """Words of the store: one for each row and slot."""
        return tile.rows * self.slots(tile)

    def beat_of(self, tile: Tile, item: int, row: int, column: int) -> int | None:
        """Which beat of the tile's block brings that element of the result, if one does."""
        down, right = row - tile.row, column - tile.column
        inside = tile.item == item and 0 <= down < tile.rows and 0 <= right < tile.columns
        return right // self.config.columns * tile.rows + down if inside else None

    def write_bytes(self, tile: Tile) -> int:
        """Bytes of the tile's block of the result."""
        return tile.rows * tile.columns * OUTPUT_BYTES[self.gemm.output]

    @property
    def initial_state(self) -> GemmState:
        """Banks and sums are free."""
        return GemmState()

    def times(self, tile: Tile) -> GemmTimes:
        """The parts of the tile's transaction (rtl/sat/timing.py)."""
        config, flow = self.config, tile.dataflow
        skew = flow.row_skew(tile, config)
        return GemmTimes(
            load=timing.LOAD_SETUP + self.read_cycles(tile),
            steps=self.steps(tile),
            release=timing.release_lag(config.rows, config.columns, skew),
            drain=timing.drain_lag(config.rows, config.columns, skew),
            store=timing.STORE_SETUP + self.write_cycles(tile) if tile.last else 0,
            first=tile.first,
            last=tile.last,
            mode=(flow.weight_stationary, skew),
            stationary=flow.stationary(tile, config),
        )


def _nested(outer: np.ndarray, inner: np.ndarray, part: Callable[[int, int], Repeat]) -> Repeat:
    """Two loops over places of these kinds; the inner one is made once for each kind of the outer loop."""
    bodies: dict[int, Repeat] = {}
    runs = []
    for place, count in stretches(outer):
        kind = int(outer[place])
        if kind not in bodies:
            bodies[kind] = Repeat(tuple(again(part(place, other), times) for other, times in stretches(inner)))
        runs.append(again(bodies[kind], count))
    return Repeat(tuple(runs))


def schedule_gemm(
    gemm: Gemm, config: SatConfig, mapping: Mapping | str | None = None, memory: Memory | None = None
) -> GemmProgram:
    """The program of a GEMM on SAT.

    mapping  a dataflow, 'os' or 'ws', with the largest tiles that fit, by default 'os'; or a Mapping
    memory   None: the configuration's
    Raises ValueError for a group longer than the datapath's largest M, an unknown dataflow, and tiles that do not fit.
    """
    chosen = mapping_of(gemm, config, "os" if mapping is None else mapping)
    return GemmProgram(gemm, config, chosen, memory_of(config, memory))
