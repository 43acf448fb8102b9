"""A weight update on SAT as a list of tile transactions."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from rtl.sat import layouts, timing
from rtl.sat.config import SatConfig
from tlm.memory import Memory, memory_of
from tlm.repeats import Repeat, places, stretches
from tlm.sat.mapping import check_pattern
from tlm.sat.update_times import UpdateState, UpdateTimes
from tlm.transactions import Program, check_types
from tlm.update import Update

MASTER_BYTES, HALF_BYTES = 4, 2


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
class UpdateProgram(Program):
    """The tiles of one update on one SAT, and each transaction's lines, words, bytes and cycles."""

    update: Update
    config: SatConfig
    memory: Memory
    mapping: None = field(default=None, init=False, repr=False)

    def __post_init__(self):
        check_types(self, update=Update, memory=Memory)
        check_pattern(self.update.sparsity, self.config)

    @property
    def work(self) -> Update:
        """The update, with its layer and stage."""
        return self.update

    @property
    def dataflow(self) -> str:
        """The place where copies are made: 'update', 'use' (by a reduction), or none, ''."""
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
        """A tile has a multiple of so many vectors: whole groups, where a copy is made."""
        return self.update.group_size if self.update.forward or self.update.backward else 1

    @property
    def _most(self) -> int:
        """Vectors of a full tile."""
        return self.config.update_vectors // self._align * self._align

    def _tile(self, row: int, column: int) -> UpdateTile:
        update, align = self.update, self._align
        rows = min(self._most, update.streamed - row)
        return UpdateTile(row, rows, -(-rows // align) * align, column, min(self.config.largest_m, update.n - column))

    def repeats(self) -> Repeat:
        """The same tiles told in short: a stretch of equal ones once."""
        corners = range(0, self.update.streamed, self._most)
        kinds = np.array([(tile.vectors, self.weights(tile)) for tile in (self._tile(row, 0) for row in corners)])
        rows = list(stretches(np.unique(kinds, axis=0, return_inverse=True)[1].reshape(-1)))
        width = self.config.largest_m

        def strip(column: int) -> tuple[Repeat, ...]:
            return tuple(Repeat((self._tile(corners[row], column * width),), count) for row, count in rows)

        return Repeat(tuple(Repeat(strip(column), times) for column, times in stretches(places(self.update.n, width))))

    def slices(self, tile: UpdateTile) -> int:
        """Slices of update_lanes weights."""
        return tile.vectors * (self.config.largest_m // self.config.update_lanes)

    @property
    def slice_lines(self) -> int:
        """Operand lines of a slice."""
        return layouts.slice_lines(self.config, self.update.momentum)

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

    def read_bytes(self, tile: UpdateTile) -> tuple[float, float]:
        """Bytes that the load moves: (values, indices)."""
        return self.weights(tile) * MASTER_BYTES * (3 if self.update.momentum else 1), 0.0

    @property
    def sections(self) -> dict[str, int]:
        """Bits of a row of each section that is stored, in order: of a vector, in the copies of m vectors."""
        update, lanes = self.update, self.config.largest_m
        kept = lanes * update.kept_per_group * layouts.weight(self.config).width
        all_bits = dict(masters=64 * lanes, half=16 * lanes, forward=kept, backward=kept)
        stored = dict(
            masters=update.momentum, half=update.stores_half, forward=update.forward, backward=update.backward
        )
        return {name: bits for name, bits in all_bits.items() if stored[name]}

    def rows(self, tile: UpdateTile, section: str) -> int:
        """Rows of a section."""
        return tile.vectors if section in ("masters", "half") else tile.vectors // self.update.group_size

    def beats(self, tile: UpdateTile) -> int:
        """Words of the store: each row begins with a new one."""
        width = 32 * self.config.columns
        return sum(self.rows(tile, name) * -(-bits // width) for name, bits in self.sections.items())

    def write_bytes(self, tile: UpdateTile) -> int:
        """Bytes of masters, velocities, FP16 weights and compact copies, without the bits that fill words."""
        update, weights = self.update, self.weights(tile)
        size = weights * (2 * MASTER_BYTES * update.momentum + HALF_BYTES * update.stores_half)
        if update.sparsity:
            bits = 16 + (update.group_size - 1).bit_length()
            groups = (
                tile.vectors // update.group_size * tile.columns * update.forward
                + weights // tile.columns * -(-tile.columns // update.group_size) * update.backward
            )
            size += -(-groups * update.kept_per_group * bits // 8)
        return size

    @property
    def initial_state(self) -> UpdateState:
        """Both banks are free."""
        return UpdateState()

    def times(self, tile: UpdateTile) -> UpdateTimes:
        """The parts of the tile's transaction (rtl/sat/timing.py)."""
        return UpdateTimes(
            load=timing.LOAD_SETUP + self.read_cycles(tile),
            slices=self.lines(tile) - self.slice_lines,
            store=timing.STORE_SETUP + self.write_cycles(tile),
        )


def schedule_update(update: Update, config: SatConfig, memory: Memory | None = None) -> UpdateProgram:
    """The program of an update. Raises ValueError for a group longer than the datapath's largest M.

    memory  None: the configuration's
    """
    return UpdateProgram(update, config, memory_of(config, memory))
