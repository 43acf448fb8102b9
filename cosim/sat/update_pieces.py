"""An update or a reduction cut into pieces, each small enough to be simulated: rows and columns of the weights."""

from dataclasses import dataclass, replace

import numpy as np

from cosim.exchange import Copy, Updated, Weights
from cosim.sat.gemm_pieces import evenly
from tlm import Update, UpdateProgram, simulate
from tlm.sat.update_program import schedule_update


@dataclass(frozen=True)
class UpdatePiece:
    """A block of the weights, from (row, column) on: whole kernel positions, or groups of one kernel position.

    whole    the program that it is a piece of
    program  the piece as an update of its own
    """

    whole: UpdateProgram
    program: UpdateProgram
    row: int
    column: int

    @property
    def origins(self) -> dict[str, tuple[int, ...]]:
        """Where in each array of the whole's result the block begins."""
        matrix, groups = (self.row, self.column), self._first_groups
        origins: dict[str, tuple[int, ...]] = dict.fromkeys(("weights", "velocities", "half"), matrix)
        for part in ("values", "indices"):
            origins |= {f"forward {part}": (groups[0], 0, self.column), f"backward {part}": (groups[1], 0, self.row)}
        return origins

    @property
    def text(self) -> str:
        """The part of the whole that it is, for messages."""
        update, whole = self.program.update, self.whole.update
        return (
            f"rows {self.row} to {self.row + update.k - 1}, columns {self.column} to "
            f"{self.column + update.n - 1} of {whole.k} x {whole.n}"
        )

    def operands(self, whole: Weights) -> Weights:
        """Its own operands, copied."""
        weights = np.array(whole.weights[self._slices], order="C")
        return Weights(weights, self._cut(whole.velocities), self._cut(whole.gradients), whole.rates)

    def block(self, whole: Updated) -> Updated:
        """The part of the whole's result in its place."""
        update, (forward, backward), m = self.program.update, self._first_groups, self._m
        columns, rows = self._slices[::-1]
        return Updated(
            self._cut(whole.weights),
            self._cut(whole.velocities),
            self._cut(whole.half),
            _lines(whole.forward, forward, update.streamed // m, columns),
            _lines(whole.backward, backward, -(-update.n // m), rows),
        )

    @property
    def _m(self) -> int:
        return self.whole.update.sparsity.m if self.whole.update.sparsity else 1

    @property
    def _first_groups(self) -> tuple[int, int]:
        """Where the block begins in the copies: along the input channels, and along the output channels."""
        position, channel = divmod(self.row, self.whole.update.channels)
        return (position * self.whole.update.segment + channel) // self._m, self.column // self._m

    @property
    def _slices(self) -> tuple[slice, slice]:
        update = self.program.update
        return slice(self.row, self.row + update.k), slice(self.column, self.column + update.n)

    def _cut(self, matrix: np.ndarray | None) -> np.ndarray | None:
        return None if matrix is None else np.array(matrix[self._slices], order="C")


def _lines(copy: Copy | None, first: int, groups: int, lines: slice) -> Copy | None:
    if copy is None:
        return None
    return Copy(*(np.array(part[first : first + groups, :, lines], order="C") for part in (copy.values, copy.indices)))


class UpdatePieces:
    """All pieces of a program, none of which overlap; each takes about `longest` cycles at most, or is one group
    (cosim.accelerator.Pieces)."""

    def __init__(self, program: UpdateProgram, longest: int):
        self.whole, update, width = program, program.update, program.config.largest_m
        cycles = simulate(self._program(update.k, min(width, update.n))).cycles  # of the columns of one tile
        positions = update.k // update.channels
        if fit := positions * longest // cycles:
            stretch, rows = update.k, evenly(positions, fit) * update.channels
        else:  # no piece straddles two kernel positions, as no group does
            group = update.sparsity.m if update.sparsity else 1
            groups = -(-update.channels // group)
            stretch, rows = update.channels, evenly(groups, positions * groups * longest // cycles) * group
        self._columns = width * max(1, longest // cycles)
        self._rows = [
            (first + start, min(rows, stretch - start))
            for first in range(0, update.k, stretch)
            for start in range(0, stretch, rows)
        ]

    def __len__(self) -> int:
        return len(self._rows) * -(-self.whole.update.n // self._columns)

    def __getitem__(self, number: int) -> UpdatePiece:
        across, down = divmod(range(len(self))[number], len(self._rows))
        (row, rows), column = self._rows[down], across * self._columns
        return UpdatePiece(
            self.whole, self._program(rows, min(self._columns, self.whole.update.n - column)), row, column
        )

    def _program(self, rows: int, columns: int) -> UpdateProgram:
        whole = self.whole.update
        update: Update = replace(whole, k=rows, n=columns, channels=min(rows, whole.channels))
        return schedule_update(update, self.whole.config, self.whole.memory)
