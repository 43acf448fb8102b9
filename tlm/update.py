"""A weight update, or a reduction of weights alone, as a list of tile transactions."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rtl import words
from rtl.config import SatConfig
from rtl.sparsity import Sparsity
from tlm.mapping import check_pattern
from tlm.memory import transaction
from tlm.runs import Run, places, stretches

MASTER_BYTES, HALF_BYTES = 4, 2


@dataclass(frozen=True)
class Update:
    """Weights (k, n): k = kernel positions x input channels, n output channels; `sparsity` of their compact copies.

    channels   input channels: consecutive rows of a kernel position
    forward    make a copy with groups along the input channels; backward: along the output channels
    momentum   momentum SGD first, and store masters and velocities; else the copies alone are made
    half       store the dense FP16 weights; None: where not both copies are made, since then a pass uses them
    Raises ValueError for sizes below 1, channels that do not divide k, copies without a pattern, and where nothing is
    stored.
    """

    k: int
    n: int
    channels: int
    sparsity: Sparsity | None = None
    forward: bool = False
    backward: bool = False
    momentum: bool = True
    layer: str = ""
    stage: str = "update"
    half: bool | None = None

    def __post_init__(self):
        for name in ("k", "n", "channels"):
            if getattr(self, name) < 1:
                raise ValueError(f"update size {name} must be at least 1, not {getattr(self, name)}")
        if self.k % self.channels:
            raise ValueError(f"k must be a multiple of the channels, {self.channels}, not {self.k}")
        if (self.forward or self.backward) and self.sparsity is None:
            raise ValueError("a compact copy needs a sparsity such as 2:8, not dense")
        if self.half is None:
            object.__setattr__(self, "half", not (self.forward and self.backward))
        if not (self.momentum or self.half or self.forward or self.backward):
            raise ValueError("an update must store something: give momentum, half, forward or backward")

    @property
    def shape(self) -> tuple[int, int, int]:
        """(m, k, n) in reports: rows and columns of the weights, and no sums between them."""
        return self.k, 0, self.n

    @property
    def macs(self) -> int:
        """Multiply-adds of the array: none."""
        return 0

    macs_skipped = macs
    count = 1

    @property
    def segment(self) -> int:
        """Rows of a kernel position as they stream by: with zeros for what its last group lacks."""
        return -(-self.channels // self.sparsity.m) * self.sparsity.m if self.forward else self.channels

    @property
    def streamed(self) -> int:
        """Rows that stream by."""
        return self.k // self.channels * self.segment


@dataclass(frozen=True)
class UpdateTile:
    """One load-update-store transaction: `vectors` vectors from streamed row `row` on, of `columns` columns.

    rows  streamed rows among them that the matrix has; zeros fill the last group
    """

    row: int
    rows: int
    vectors: int
    column: int
    columns: int
    first = last = True  # each leaves at once


@dataclass(frozen=True)
class UpdateProgram:
    """The tiles of one update on one configuration, and what each transaction takes."""

    update: Update
    config: SatConfig

    @property
    def work(self) -> Update:
        """What is done, with its layer and stage."""
        return self.update

    @property
    def macs(self) -> int:
        """Multiply-adds of the array: none."""
        return self.update.macs

    @property
    def dataflow(self) -> str:
        """Where the copies are made that are to be made: by the update, or by a reduction before their use."""
        return "" if not (self.update.forward or self.update.backward) else "update" if self.update.momentum else "use"

    @property
    def tile(self) -> list[int]:
        """Rows, no elements of k, and columns of a full tile."""
        return [min(self.config.update_vectors, self.update.k), 0, min(self.config.largest_m, self.update.n)]

    def tiles(self) -> Iterator[UpdateTile]:
        """All tiles, in the order in which they run: columns, then rows."""
        for column in range(0, self.update.n, self.config.largest_m):
            for row in range(0, self.update.streamed, self._most):
                yield self._tile(row, column)

    @property
    def _align(self) -> int:
        """Vectors come in so many: whole groups, where a copy is made."""
        return self.update.sparsity.m if self.update.forward or self.update.backward else 1

    @property
    def _most(self) -> int:
        """Vectors of a full tile."""
        return self.config.update_vectors // self._align * self._align

    def _tile(self, row: int, column: int) -> UpdateTile:
        update, align = self.update, self._align
        rows = min(self._most, update.streamed - row)
        return UpdateTile(row, rows, -(-rows // align) * align, column, min(self.config.largest_m, update.n - column))

    def runs(self) -> Run:
        """The same tiles in short."""
        corners = range(0, self.update.streamed, self._most)
        kinds = np.array([(tile.vectors, self.weights(tile)) for tile in (self._tile(row, 0) for row in corners)])
        rows = list(stretches(np.unique(kinds, axis=0, return_inverse=True)[1].reshape(-1)))
        width = self.config.largest_m

        def strip(column: int) -> tuple[Run, ...]:
            return tuple(Run((self._tile(corners[row], column * width),), count) for row, count in rows)

        return Run(tuple(Run(strip(column), times) for column, times in stretches(places(self.update.n, width))))

    def slices(self, tile: UpdateTile) -> int:
        """Slices of update_lanes weights."""
        return tile.vectors * (self.config.largest_m // self.config.update_lanes)

    @property
    def slice_lines(self) -> int:
        """Operand lines of a slice."""
        return words.slice_lines(self.config, self.update.momentum)

    def lines(self, tile: UpdateTile) -> int:
        """Operand lines of the load."""
        return self.slices(tile) * self.slice_lines

    def steps(self, tile: UpdateTile) -> int:
        """Cycles in which a slice enters the lanes."""
        return self.slices(tile)

    def weights(self, tile: UpdateTile) -> int:
        """Weights that the matrix has among those of the tile."""
        update, end = self.update, tile.row + tile.rows
        position, rest = divmod(tile.row, update.segment)
        last, left = divmod(end, update.segment)
        rows = (last - position) * update.channels + min(left, update.channels) - min(rest, update.channels)
        return rows * tile.columns

    @property
    def bytes_moved(self) -> tuple[float, float, int]:
        """Of all tiles: (values read, indices read, results written)."""
        runs = self.runs()
        return runs.total(lambda tile: self.read_bytes(tile)[0]), 0.0, runs.total(self.write_bytes)

    def read_bytes(self, tile: UpdateTile) -> tuple[float, float]:
        """Bytes that the load moves: (values, indices)."""
        return self.weights(tile) * MASTER_BYTES * (3 if self.update.momentum else 1), 0.0

    def read_cycles(self, tile: UpdateTile) -> int:
        return transaction(
            self.lines(tile), sum(self.read_bytes(tile)), self.config.read_bytes_per_cycle, self.config.memory_latency
        )

    @property
    def sections(self) -> dict[str, int]:
        """Bits of a row of each section that is stored, in order: of a vector, in the copies of m vectors."""
        update, lanes = self.update, self.config.largest_m
        kept = lanes * update.sparsity.n * words.weight(self.config).width if update.sparsity else 0
        all_bits = dict(masters=64 * lanes, half=16 * lanes, forward=kept, backward=kept)
        stored = dict(masters=update.momentum, half=update.half, forward=update.forward, backward=update.backward)
        return {name: bits for name, bits in all_bits.items() if stored[name]}

    def rows(self, tile: UpdateTile, section: str) -> int:
        """Rows of a section."""
        return tile.vectors if section in ("masters", "half") else tile.vectors // self.update.sparsity.m

    def words(self, tile: UpdateTile) -> int:
        """Words of the store: each row begins with a new one."""
        width = 32 * self.config.columns
        return sum(self.rows(tile, name) * -(-bits // width) for name, bits in self.sections.items())

    def write_bytes(self, tile: UpdateTile) -> int:
        """Bytes of masters, velocities, FP16 weights and compact copies, without what only fills words."""
        update, weights = self.update, self.weights(tile)
        size = weights * (2 * MASTER_BYTES * update.momentum + HALF_BYTES * update.half)
        if update.sparsity:
            bits = 16 + (update.sparsity.m - 1).bit_length()
            groups = (
                tile.vectors // update.sparsity.m * tile.columns * update.forward
                + weights // tile.columns * -(-tile.columns // update.sparsity.m) * update.backward
            )
            size += -(-groups * update.sparsity.n * bits // 8)
        return size

    def write_cycles(self, tile: UpdateTile) -> int:
        return transaction(
            self.words(tile), self.write_bytes(tile), self.config.write_bytes_per_cycle, self.config.memory_latency
        )


def schedule_update(update: Update, config: SatConfig) -> UpdateProgram:
    """The program of an update. Raises ValueError for a group longer than the datapath's largest M."""
    check_pattern(update.sparsity, config)
    return UpdateProgram(update, config)
