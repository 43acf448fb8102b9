"""When each tile's load, compute and store happen, in DUT cycles: equal to the RTL's, tile by tile."""
from dataclasses import dataclass
from typing import NamedTuple

from rtl import timing
from tlm.program import Program


class Span(NamedTuple):
    """One tile's times, each the cycle after the last of its activity; a tile that does not store has no store."""

    load_start: int
    load_end: int
    compute_start: int
    compute_end: int
    store_end: int | None


@dataclass(frozen=True)
class Timeline:
    """What a program costs.

    spans    the times of each tile
    cycles   from the first command to the last word stored; busy + waiting = cycles
    busy     cycles in which the array is issued a step
    """

    spans: list[Span]
    busy: int

    @property
    def cycles(self) -> int:
        return self.spans[-1].store_end

    @property
    def waiting(self) -> int:
        return self.cycles - self.busy

    @property
    def stores(self) -> list[int]:
        """When each block of the result has left."""
        return [span.store_end for span in self.spans if span.store_end is not None]

    @property
    def tiles(self) -> list[int]:
        """Cycles of each tile, from the end of the one before to its own end: to its last word for the last."""
        return lengths([span.compute_end for span in self.spans[:-1]] + [self.cycles])


def lengths(ends: list[int]) -> list[int]:
    """How long each of several stretches is that follow each other from 0, by their ends."""
    return [end - start for start, end in zip([0] + ends, ends)]


def simulate(program: Program) -> Timeline:
    """Run the program's transactions: two operand banks, two sets of accumulators, one read and one write channel.

    A load needs the read channel and a bank that the tile before the last has left; compute needs its
    operands, and accumulators that have been stored; a store needs the write channel and finished sums.
    """
    config = program.config
    release = timing.release_lag(config.rows, config.columns)
    drain = timing.drain_lag(config.rows, config.columns)
    banks = [0, 0]           # when each operand bank is free
    accumulators = [0, 0]    # when each set of accumulators is free
    load_end = compute_end = store_end = busy = blocks = 0
    spans = []
    for i, tile in enumerate(program.tiles()):
        load_start = max(load_end, banks[i % 2])
        load_end = load_start + timing.LOAD_SETUP + program.read_cycles(tile)
        free = accumulators[blocks % 2] if tile.first else 0
        start = max(compute_end, max(load_end, free) + timing.START_SETUP)
        compute_end = start + program.steps(tile)
        busy += compute_end - start
        banks[i % 2] = compute_end + release
        if tile.last:
            store_end = max(store_end, compute_end + drain) + timing.STORE_SETUP + program.write_cycles(tile)
            accumulators[blocks % 2] = store_end
            blocks += 1
        spans.append(Span(load_start, load_end, start, compute_end, store_end if tile.last else None))
    return Timeline(spans, busy)
