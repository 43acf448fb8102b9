"""What either simulator counts for a GEMM, as formulas, and the parts of which their difference is made."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from rtl.sat.config import BEAT, SatConfig
from tests.bench.measure import CheckFailed
from tests.peers.gemms import Shape

DATAFLOWS = ("os", "ws")


class Theirs(NamedTuple):
    """SCALE-Sim's count of a GEMM in parts, as its `systolic_compute_*.py` makes the matrices whose lines it counts.

    An R x C array takes the GEMM in folds, one after another: R x C of the result (os), or R x C of the weights (ws).

        os  ceil(M / R) ceil(N / C) (K +  R + C - 2) - 1
        ws  ceil(K / R) ceil(N / C) (M + 2R + C - 2) - 1

    folds    how many there are
    steps    K or M of each: an operand's elements in an element of the array
    fills    the rest of each, in which the array fills and empties; less 1, for the last cycle's number counts from 0
    lacking  cycles that its own paper has and the count has not. Output-stationary the sums of row i stand i cycles
             after those of the first row, and leave through the rows below; the count lets the bottom row's leave with
             its first row's last product, R cycles a fold too soon (scale-sim-v3, issue 4: 2R + C + K - 2)
    """

    folds: int
    steps: int
    fills: int
    lacking: int

    @property
    def cycles(self) -> int:
        """The count."""
        return self.steps + self.fills


def theirs(shape: Shape, rows: int, columns: int, dataflow: str) -> Theirs:
    """SCALE-Sim's count by its formula."""
    os = dataflow == "os"
    folds = -(-(shape.m if os else shape.k) // rows) * -(-shape.n // columns)
    fill = (1 if os else 2) * rows + columns - 2
    return Theirs(folds, folds * (shape.k if os else shape.m), folds * fill - 1, folds * rows if os else 0)


def busy(shape: Shape, config: SatConfig, dataflow: str) -> int:
    """Cycles in which SAT issues a step in a dense GEMM. A turn of an element takes a step for each sum that it holds,
    whether the result has that column or not.

        os  turn ceil(M / R) ceil(N / (C interleave)) K
        ws  turn ceil(groups of K / rows that hold one) ceil(N / (C interleave)) M BEAT

    Weight-stationary a row of the array holds a group of BEAT weights for each sum, and an operand bank has `chunk`
    lines, one for each of them: so no more than chunk / BEAT rows work.
    """
    turns = config.turn * -(-shape.n // config.tile_columns)
    if dataflow == "os":
        return turns * -(-shape.m // config.rows) * shape.k
    return turns * -(-shape.k // (held_rows(config) * BEAT)) * shape.m * BEAT


def held_rows(config: SatConfig) -> int:
    """Rows of the array that hold a group of dense weights, weight-stationary."""
    return min(config.rows, config.chunk // BEAT)


class Ours(NamedTuple):
    """Cycles of a GEMM by `sat cycles`: busy + waits."""

    busy: int
    waits: int

    @property
    def cycles(self) -> int:
        """All of them."""
        return self.busy + self.waits


@dataclass(frozen=True)
class Difference:
    """Both counts of a GEMM, and why they differ."""

    shape: Shape
    ours: Ours
    theirs: Theirs

    @classmethod
    def of(cls, shape: Shape, config: SatConfig, dataflow: str, ours: Ours, counted: int) -> "Difference":
        """The difference of both counts. Raises CheckFailed for one that is not as its formula says."""
        expected = theirs(shape, config.rows, config.columns, dataflow)
        for who, found, by_formula in (
            ("SCALE-Sim's count", counted, expected.cycles),
            ("SAT's busy cycles", ours.busy, busy(shape, config, dataflow)),
        ):
            if found != by_formula:
                raise CheckFailed(f"{shape.layer}, {dataflow}: {who} must be {by_formula:,} by formula, not {found:,}")
        return cls(shape, ours, expected)

    def as_data(self) -> dict[str, Any]:
        """The row of a report: sat = scale_sim + difference, and difference = steps + fills + waits."""
        return dict(
            **self.shape._asdict(),
            scale_sim=self.theirs.cycles,
            lacking=self.theirs.lacking,
            sat=self.ours.cycles,
            difference=self.ours.cycles - self.theirs.cycles,
            steps=self.ours.busy - self.theirs.steps,
            fills=-self.theirs.fills,
            waits=self.ours.waits,
        )
