"""SAT's dataflows: which operand stays in the array, and all that follows from it.

A dataflow knows its limits (the largest tiles that the operand banks hold), the lines that a tile brings to the array,
its turns, and its times. The datapath is one: only this object distinguishes the two.
"""

from abc import ABC, abstractmethod
from typing import NamedTuple, Protocol

from rtl.sat import timing
from rtl.sat.config import BEAT, SatConfig
from tlm.gemm import Gemm
from tlm.memory import Count


class TileShape(Protocol):
    """The sizes of a tile on which its dataflow depends: of one tile numbers, of many arrays (tiles,)."""

    @property
    def rows(self) -> Count:
        """Rows of the result."""
        ...

    @property
    def depth(self) -> Count:
        """Elements of k."""
        ...

    @property
    def group_size(self) -> int:
        """Elements of a group, M."""
        ...

    @property
    def kept_per_group(self) -> int:
        """Elements kept of a group, N."""
        ...


class Stationary(NamedTuple):
    """Times of weights that stay, in cycles.

    sending     how long a tile's weights are sent into the array
    lead        how much earlier than the tile's steps they start
    turnaround  from a tile's first step to the next one's, whose first sum comes back from below
    """

    sending: int
    lead: int
    turnaround: int


class Dataflow(ABC):
    """One way to lay a GEMM on SAT's array."""

    name: str
    meaning: str
    weight_stationary: bool

    @abstractmethod
    def largest(self, gemm: Gemm, config: SatConfig) -> tuple[int, int, int]:
        """Rows, columns and elements of k of the largest tile that the operand banks hold."""

    @abstractmethod
    def groups(self, tile: TileShape) -> Count:
        """Groups of activations that each row of the array takes."""

    @abstractmethod
    def kept_in_last_group(self, tile: TileShape) -> Count:
        """Values of the last group that take a turn."""

    @abstractmethod
    def row_skew(self, tile: TileShape, config: SatConfig) -> int:
        """Cycles by which a row of the array is behind the one above."""

    @abstractmethod
    def stationary(self, tile: TileShape, config: SatConfig) -> Stationary | None:
        """Times of weights that stay; None where sums do."""

    def west_lines(self, tile: TileShape) -> Count:
        """Operand lines with activations: BEAT elements for each row of the array."""
        return self.groups(tile) * (tile.group_size // BEAT)

    def north_lines(self, tile: TileShape) -> Count:
        """Operand lines with weights: one kept value for each column of the tile."""
        return (depth_groups(tile) - 1) * tile.kept_per_group + self.kept_in_last_group(tile)

    def lines(self, tile: TileShape) -> Count:
        """All operand lines."""
        return self.west_lines(tile) + self.north_lines(tile)

    def turns(self, tile: TileShape) -> Count:
        """Turns of the interleaved outputs: one for each kept value of each group."""
        return (self.groups(tile) - 1) * tile.kept_per_group + self.kept_in_last_group(tile)


class OutputStationary(Dataflow):
    """Sums stay: a tile is rows x (columns x interleave) of the result, and a bank of k streams through."""

    name = "os"
    meaning = "output-stationary: sums stay in the array"
    weight_stationary = False

    def largest(self, gemm: Gemm, config: SatConfig) -> tuple[int, int, int]:
        # An element has `interleave` sums; a bank has a line for each of `chunk` weights, all kept in a dense GEMM.
        return config.rows, config.tile_columns, config.chunk

    def groups(self, tile: TileShape) -> Count:
        return depth_groups(tile)

    def kept_in_last_group(self, tile: TileShape) -> Count:
        # Only stationary sums need not step through the zeros that fill a dense group.
        dense = tile.group_size == tile.kept_per_group
        return (tile.depth - 1) % tile.group_size + 1 if dense else tile.kept_per_group

    def row_skew(self, tile: TileShape, config: SatConfig) -> int:
        return 1  # the register between two elements

    def stationary(self, tile: TileShape, config: SatConfig) -> Stationary | None:
        return None


class WeightStationary(Dataflow):
    """Weights stay: each row of the array holds a group of k, and rows of the result stream through."""

    name = "ws"
    meaning = "weight-stationary: weights stay in the array"
    weight_stationary = True

    def largest(self, gemm: Gemm, config: SatConfig) -> tuple[int, int, int]:
        # Of a bank's `chunk` lines of weights a row of the array takes those of its group; of its chunk / BEAT beats of
        # activations a row of the result takes group / BEAT.
        group, kept = group_of(gemm)
        held = min(config.rows, config.chunk // kept)  # rows of the array that hold a group
        return config.chunk // group, config.tile_columns, held * group

    def groups(self, tile: TileShape) -> Count:
        return tile.rows

    def kept_in_last_group(self, tile: TileShape) -> Count:
        return tile.kept_per_group

    def row_skew(self, tile: TileShape, config: SatConfig) -> int:
        return tile.kept_per_group * config.turn  # a group's steps: the sum of the row above is then there

    def stationary(self, tile: TileShape, config: SatConfig) -> Stationary | None:
        # A row's weights, kept ones for each interleaved output, take as many cycles as the skew.
        rows, skew = config.rows, self.row_skew(tile, config)
        return Stationary(rows * skew, timing.lead(rows), timing.turnaround(rows, skew))


DATAFLOWS: dict[str, Dataflow] = {flow.name: flow for flow in (OutputStationary(), WeightStationary())}


def dataflow_of(name: str) -> Dataflow:
    """The dataflow of a name. Raises ValueError for an unknown one."""
    if not isinstance(name, str) or name not in DATAFLOWS:
        raise ValueError(f"dataflow must be one of {', '.join(DATAFLOWS)}, not {name!r}")
    return DATAFLOWS[name]


def group_of(gemm: Gemm) -> tuple[int, int]:
    """(elements, kept ones) of a group: dense is N = M, with the smallest M."""
    return (gemm.sparsity.m, gemm.sparsity.n) if gemm.sparsity else (BEAT, BEAT)


def depth_groups(tile: TileShape) -> Count:
    """Groups in a tile's stretch of k, the last of which may be short."""
    return -(-tile.depth // tile.group_size)
