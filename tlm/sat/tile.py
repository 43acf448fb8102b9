"""A transaction of a GEMM on SAT: a block of the result, and a stretch of k that fits the operand banks."""

from dataclasses import dataclass

from rtl.sat.config import BEAT
from tlm.sat.dataflow import Dataflow, depth_groups


@dataclass(frozen=True)
class Tile:
    """One load-compute-store transaction: a block of the result and a stretch of k that fits the operand banks.

    start, depth    the stretch of k; its groups have `group_size` elements with `kept_per_group` kept of each
    dataflow        a turn, a step for each interleaved output, takes one kept weight of a group (output-stationary), or
                    for a row of the result one of each array row's group (weight-stationary)
    first   accumulators start from zero; last: the block is complete and leaves the array
    item    which of the GEMM's products it is part of
    """

    row: int
    rows: int
    column: int
    columns: int
    start: int
    depth: int
    group_size: int
    kept_per_group: int
    dataflow: Dataflow
    first: bool
    last: bool
    item: int = 0

    @property
    def weight_stationary(self) -> bool:
        """Weights stay in the array; else sums do."""
        return self.dataflow.weight_stationary

    @property
    def depth_groups(self) -> int:
        """Groups in the stretch of k."""
        return int(depth_groups(self))

    @property
    def beats(self) -> int:
        """Operand lines of a group's activations: BEAT elements each."""
        return self.group_size // BEAT

    @property
    def groups(self) -> int:
        """Groups of activations that each row of the array takes."""
        return int(self.dataflow.groups(self))

    @property
    def kept_in_last_group(self) -> int:
        """Values of the last group that take a turn."""
        return int(self.dataflow.kept_in_last_group(self))

    @property
    def west_lines(self) -> int:
        """Operand lines with activations: BEAT elements for each row of the array."""
        return int(self.dataflow.west_lines(self))

    @property
    def north_lines(self) -> int:
        """Operand lines with weights: one kept value for each column of the tile."""
        return int(self.dataflow.north_lines(self))

    @property
    def interleave_turns(self) -> int:
        """Turns of the interleaved outputs: one for each kept value of each group."""
        return int(self.dataflow.turns(self))
