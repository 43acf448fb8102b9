"""When each tile's load, compute and store happen, in DUT cycles: equal to the RTL's, tile by tile."""
from dataclasses import dataclass
from functools import singledispatch
from typing import Any, NamedTuple

from rtl import timing
from tlm.program import Program
from tlm.update import UpdateProgram


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


@singledispatch
def simulate(program: Any) -> Timeline:
    """What a program costs. Raises TypeError for anything but a Program or an UpdateProgram."""
    raise TypeError(f"a program must be a Program or an UpdateProgram, not {type(program).__name__}")


@simulate.register
def _(program: UpdateProgram) -> Timeline:
    """Two banks for what a tile gives; a tile's slices enter as its lines come."""
    banks = [0, 0]           # when each is free
    load_end = store_end = busy = 0
    spans = []
    for i, tile in enumerate(program.tiles()):
        load_start = max(load_end, banks[i % 2])
        load_end = load_start + timing.LOAD_SETUP + program.read_cycles(tile)
        start = load_end - program.lines(tile) + program.slice_lines
        finished = load_end + 1 + timing.UPDATE_LAG
        store_end = max(store_end, finished) + timing.STORE_SETUP + program.write_cycles(tile)
        banks[i % 2] = store_end
        busy += program.steps(tile)
        spans.append(Span(load_start, load_end, start, load_end + 1, store_end))
    return Timeline(spans, busy)


@simulate.register
def _(program: Program) -> Timeline:
    """Run the program's transactions: two operand banks, two sets of accumulators, one read and one write channel.

    A load needs the read channel and a bank that the tile before the last has left. Compute needs its operands, and
    accumulators that have been stored; where weights are stationary, also weights in the array, and the sums of the
    tile before. A store needs the write channel and finished sums.
    """
    config = program.config
    banks = [0, 0]           # when each operand bank is free
    accumulators = [0, 0]    # when each set of accumulators is free
    load_end = start = compute_end = store_end = busy = blocks = 0
    weights_end = mode = None
    spans = []
    for i, tile in enumerate(program.tiles()):
        steps, hop = program.steps(tile), program.hop(tile)
        load_start = max(load_end, banks[i % 2])
        load_end = load_start + timing.LOAD_SETUP + program.read_cycles(tile)
        ready = load_end + timing.START_SETUP
        if tile.first:
            free = accumulators[blocks % 2] + timing.START_SETUP
        else:
            free = 0
        if mode != (mode := (tile.weights, hop)) and i:         # only when nothing is under way
            ready, weights_end = max(ready, max(accumulators) + timing.START_SETUP), None
        if tile.weights:
            weights_start, back = ready, 0
            if weights_end is not None:                         # the elements' other bank is free, too
                weights_start = max(ready, weights_end, start + timing.START_SETUP)
                back = start + timing.turnaround(config.rows, hop)
            weights_end = weights_start + config.rows * hop
            ready = max(weights_start + timing.lead(config.rows), back)
        start = max(compute_end, ready, free)
        compute_end = start + steps
        busy += steps
        banks[i % 2] = compute_end + timing.release_lag(config.rows, config.columns, hop)
        if tile.last:
            finished = compute_end + timing.drain_lag(config.rows, config.columns, hop)
            store_end = max(store_end, finished) + timing.STORE_SETUP + program.write_cycles(tile)
            accumulators[blocks % 2] = store_end
            blocks += 1
        spans.append(Span(load_start, load_end, start, compute_end, store_end if tile.last else None))
    return Timeline(spans, busy)
