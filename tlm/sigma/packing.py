"""The packing of stationary values into the Flex-DPEs, as the controller does it."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import NamedTuple

from rtl.sigma.config import SigmaConfig


class Segment(NamedTuple):
    """Neighbouring lanes of a Flex-DPE that hold values of one row.

    row     of the block; start, count: which of the row's kept values
    result  which of the Flex-DPE's results their sum is; the last one where the next Flex-DPE goes on with the row
    """

    row: int
    start: int
    count: int  # type: ignore[assignment]  # a tuple's method, which nobody asks for
    engine: int
    lane: int
    result: int


@dataclass(frozen=True)
class Fold:
    """The stationary values that the Flex-DPEs hold at a time."""

    segments: tuple[Segment, ...]

    @cached_property
    def engines(self) -> int:
        """Flex-DPEs that hold anything."""
        return self.segments[-1].engine + 1 if self.segments else 0

    @cached_property
    def values(self) -> int:
        """Stationary values."""
        return sum(segment.count for segment in self.segments)

    @cached_property
    def spans(self) -> tuple[bool, ...]:
        """For each Flex-DPE, whether its first row continues the last one of the Flex-DPE before."""
        ends = {segment.engine: segment.row for segment in self.segments}
        begins = {segment.engine: segment.row for segment in reversed(self.segments)}
        return tuple(engine > 0 and begins[engine] == ends.get(engine - 1) for engine in range(self.engines))


@lru_cache(maxsize=4096)
def pack(counts: tuple[int, ...], config: SigmaConfig) -> tuple[Fold, ...]:
    """Rows of so many kept values each, one after another, in as few Flex-DPEs as hold them; one fold after another.

    A row may begin in one Flex-DPE and end in the next, or begin in one fold and end in the next. A Flex-DPE has no
    more rows than results. Raises ValueError for a row of more values than a Flex-DPE has lanes: it could span three.
    """
    folds: list[list[Segment]] = []
    engine, lane, result = config.engines, 0, 0  # a full fold: the first value opens one
    for row, count in enumerate(counts):
        if count > config.lanes:
            raise ValueError(f"a row must have at most lanes = {config.lanes} values, not {count}")
        start = 0
        while start < count:
            if lane == config.lanes or result == config.results:
                engine, lane, result = engine + 1, 0, 0
            if engine == config.engines:
                folds.append([])
                engine, lane, result = 0, 0, 0
            taken = min(count - start, config.lanes - lane)
            # Its sum goes to the adder between two Flex-DPEs, which is that of the last result.
            goes_on = start + taken < count and engine + 1 < config.engines
            folds[-1].append(Segment(row, start, taken, engine, lane, config.results - 1 if goes_on else result))
            start, lane, result = start + taken, lane + taken, result + 1
    return tuple(Fold(tuple(segments)) for segments in folds)


def even(rows: int, each: float) -> tuple[int, ...]:
    """Counts of rows that have `each` in the mean, as evenly as whole numbers allow."""
    ends = [int(each * row + 0.5) for row in range(rows + 1)]
    return tuple(end - start for start, end in pairwise(ends))
