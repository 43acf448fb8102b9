"""SAT's dataflows: which operand stays in the array, and all that follows from it.

A dataflow knows its limits (the largest tiles that the operand banks hold), what a tile brings to the array, its times,
and how much work a GEMM is at the least. The datapath is one: only this object tells the two apart.
"""

from abc import ABC, abstractmethod
from typing import NamedTuple, Protocol

import numpy as np

from rtl.sat import timing
from rtl.sat.config import BEAT, SatConfig
from tlm.gemm import Gemm


class Block(Protocol):
    """The sizes of a tile on which its dataflow depends (tlm.sat.program.Tile has them)."""

    @property
    def rows(self) -> int:
        """Rows of the result."""
        ...

    @property
    def depth(self) -> int:
        """Elements of k."""
        ...

    @property
    def depth_groups(self) -> int:
        """Groups of k, the last of which may be short."""
        ...

    @property
    def group_size(self) -> int:
        """Elements of a group, M."""
        ...

    @property
    def kept_per_group(self) -> int:
        """Elements kept of a group, N."""
        ...


class Sizes(NamedTuple):
    """Tile sizes of many mappings, int arrays (mappings,): rows and columns of the result, elements of k."""

    rows: np.ndarray
    columns: np.ndarray
    depth: np.ndarray


class LeastWork(NamedTuple):
    """What a GEMM takes at the least under many mappings, arrays (mappings,).

    turns        turns of the interleaved outputs, of all tiles
    lines        operand lines of all tiles
    first_lines  lines with activations of the first tile
    row_skew     cycles between two rows of the array
    """

    turns: np.ndarray
    lines: np.ndarray
    first_lines: np.ndarray
    row_skew: int


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
    def groups(self, tile: Block) -> int:
        """Groups of activations that each row of the array takes."""

    @abstractmethod
    def kept_in_last_group(self, tile: Block) -> int:
        """Values of the last group that take a turn."""

    @abstractmethod
    def row_skew(self, tile: Block, config: SatConfig) -> int:
        """Cycles by which a row of the array is behind the one above."""

    @abstractmethod
    def stationary(self, tile: Block, config: SatConfig) -> Stationary | None:
        """Times of weights that stay; None where sums do."""

    @abstractmethod
    def least_work(self, gemm: Gemm, config: SatConfig, sizes: Sizes) -> LeastWork:
        """Turns and lines under mappings with tiles of these sizes, exact where the last tiles are whole."""


class OutputStationary(Dataflow):
    """Sums stay: a tile is rows x (columns x interleave) of the result, and a bank of k streams through."""

    name = "os"
    meaning = "output-stationary: sums stay in the array"
    weight_stationary = False

    def largest(self, gemm: Gemm, config: SatConfig) -> tuple[int, int, int]:
        return config.rows, config.tile_columns, config.chunk

    def groups(self, tile: Block) -> int:
        return tile.depth_groups

    def kept_in_last_group(self, tile: Block) -> int:
        # Only stationary sums need not step through the zeros that fill a dense group.
        dense = tile.group_size == tile.kept_per_group
        return (tile.depth - 1) % tile.group_size + 1 if dense else tile.kept_per_group

    def row_skew(self, tile: Block, config: SatConfig) -> int:
        return 1

    def stationary(self, tile: Block, config: SatConfig) -> Stationary | None:
        return None

    def least_work(self, gemm: Gemm, config: SatConfig, sizes: Sizes) -> LeastWork:
        group, kept = group_of(gemm)
        groups = -(-gemm.k // group)
        # In each block each group of k comes once, with a line for each beat of its activations, and a line and a turn
        # for each kept weight.
        blocks = blocks_of(gemm, sizes)
        turns = blocks * (groups * kept if gemm.sparsity else gemm.k)
        lines = blocks * groups * (group // BEAT) + turns
        return LeastWork(turns, lines, -(-sizes.depth // group) * (group // BEAT), 1)


class WeightStationary(Dataflow):
    """Weights stay: each row of the array holds a group of k, and rows of the result stream through."""

    name = "ws"
    meaning = "weight-stationary: weights stay in the array"
    weight_stationary = True

    def largest(self, gemm: Gemm, config: SatConfig) -> tuple[int, int, int]:
        group, kept = group_of(gemm)
        held = min(config.rows, config.chunk // kept)  # rows of the array that hold a group
        return config.chunk // group, config.tile_columns, held * group

    def groups(self, tile: Block) -> int:
        return tile.rows

    def kept_in_last_group(self, tile: Block) -> int:
        return tile.kept_per_group

    def row_skew(self, tile: Block, config: SatConfig) -> int:
        return tile.kept_per_group * config.turn  # a group's steps: the sum of the row above is then there

    def stationary(self, tile: Block, config: SatConfig) -> Stationary | None:
        rows, skew = config.rows, self.row_skew(tile, config)
        return Stationary(rows * skew, timing.lead(rows), timing.turnaround(rows, skew))

    def least_work(self, gemm: Gemm, config: SatConfig, sizes: Sizes) -> LeastWork:
        group, kept = group_of(gemm)
        beats = group // BEAT
        # Each tile of k and of columns lets all rows of the result pass, which take a line for each beat of a group and
        # a turn for each kept weight; the weights themselves come once in each block, a line each.
        passes = gemm.count * gemm.m * -(-gemm.n // sizes.columns) * -(-gemm.k // sizes.depth)
        weights = blocks_of(gemm, sizes) * -(-gemm.k // group) * kept
        return LeastWork(passes * kept, passes * beats + weights, sizes.rows * beats, kept * config.turn)


DATAFLOWS: dict[str, Dataflow] = {flow.name: flow for flow in (OutputStationary(), WeightStationary())}


def dataflow_of(name: str) -> Dataflow:
    """The dataflow of a name. Raises ValueError for an unknown one."""
    if name not in DATAFLOWS:
        raise ValueError(f"dataflow must be one of {', '.join(DATAFLOWS)}, not {name!r}")
    return DATAFLOWS[name]


def group_of(gemm: Gemm) -> tuple[int, int]:
    """(elements, kept ones) of a group: dense is N = M, with the smallest M."""
    return (gemm.sparsity.m, gemm.sparsity.n) if gemm.sparsity else (BEAT, BEAT)


def blocks_of(gemm: Gemm, sizes: Sizes) -> np.ndarray:
    """Blocks of the result, of all of the GEMM's products, under each mapping."""
    return gemm.count * -(-gemm.m // sizes.rows) * -(-gemm.n // sizes.columns)
