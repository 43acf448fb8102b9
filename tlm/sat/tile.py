"""A transaction of a GEMM on SAT: a block of the result, and a stretch of k that fits the operand banks."""

from dataclasses import dataclass

from rtl.sat.config import BEAT
from tlm.sat.dataflow import Dataflow


@dataclass(frozen=True)
class Tile:
    """One load-compute-store transaction: a block of the result and a stretch of k that fits the operand banks.

    start, depth    the stretch of k; its groups have `group_size` elements with `kept_per_group` kept of each
    dataflow        output-stationary: a step is a kept weight of each group; weight-stationary: it is a kept weight of
                    the array row's group for each row of the result
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
        return -(-self.depth // self.group_size)

    @property
    def beats(self) -> int:
        """Operand lines of a group's activations: BEAT elements each."""
        return self.group_size // BEAT

    @property
    def groups(self) -> int:
        """Groups of activations that each row of the array takes."""
        return self.dataflow.groups(self)

    @property
    def kept_in_last_group(self) -> int:
        """Values of the last group that take a turn."""
        return self.dataflow.kept_in_last_group(self)

    @property
    def west_lines(self) -> int:
        """Operand lines with activations: BEAT elements for each row of the array."""
        return self.groups * self.beats

    @property
    def north_lines(self) -> int:
        """Operand lines with weights: one kept value for each column of the tile."""
        return (self.depth_groups - 1) * self.kept_per_group + self.kept_in_last_group

    @property
    def interleave_turns(self) -> int:
        """Turns of the interleaved outputs: one for each kept value of each group."""
        return (self.groups - 1) * self.kept_per_group + self.kept_in_last_group
