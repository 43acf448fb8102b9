"""When each tile's load, compute and store happen, in DUT cycles: equal to the RTL's, tile by tile.

A tile's times depend on a few times of the tiles before it: a state, which `after` takes from tile to tile. Equal tiles
that find equal states, but for when, leave equal states, but for when: so of a long run of tiles a few are looked at.
"""
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self

from rtl import timing
from tlm.program import Program, Tile
from tlm.runs import Run
from tlm.update import UpdateProgram, UpdateTile


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

    cycles   from the first command to the last word stored; busy + waiting = cycles
    """

    program: Program | UpdateProgram
    cycles: int

    @cached_property
    def busy(self) -> int:
        """Cycles in which the array is issued a step."""
        return self.program.runs().total(self.program.steps)

    @property
    def waiting(self) -> int:
        return self.cycles - self.busy

    @cached_property
    def spans(self) -> list[Span]:
        """The times of each tile."""
        (times, state), spans = _kind(self.program), []
        state = state()
        for tile in self.program.tiles():
            state, span = state.after(times.of(self.program, tile))
            spans.append(span)
        return spans

    @cached_property
    def stores(self) -> list[int]:
        """When each block of the result has left."""
        return [span.store_end for span in self.spans if span.store_end is not None]

    @cached_property
    def tiles(self) -> list[int]:
        """Cycles of each tile, from the end of the one before to its own end: to its last word for the last."""
        return lengths([span.compute_end for span in self.spans[:-1]] + [self.cycles])


def lengths(ends: list[int]) -> list[int]:
    """How long each of several stretches is that follow each other from 0, by their ends."""
    return [end - start for start, end in zip([0] + ends, ends)]


class GemmTimes(NamedTuple):
    """What the parts of a tile's transaction take, in cycles.

    release, drain   from its last step until its bank is free, and until its sums stand
    sending, leading, turnaround  of stationary weights: how long they are sent to the array, how much later its steps
                     may begin, and from a tile's first step to the next one's; None: weights do not stay
    mode             what changes only when nothing is under way
    """

    load: int
    steps: int
    release: int
    drain: int
    store: int
    first: bool
    last: bool
    mode: tuple[bool, int]
    stationary: tuple[int, int, int] | None

    @classmethod
    def of(cls, program: Program, tile: Tile) -> Self:
        """Those of a tile."""
        (rows, columns), hop = (program.config.rows, program.config.columns), program.hop(tile)
        store = timing.STORE_SETUP + program.write_cycles(tile) if tile.last else 0
        stationary = (rows * hop, timing.lead(rows), timing.turnaround(rows, hop)) if tile.weights else None
        return cls(timing.LOAD_SETUP + program.read_cycles(tile), program.steps(tile),
                   timing.release_lag(rows, columns, hop), timing.drain_lag(rows, columns, hop), store, tile.first,
                   tile.last, (tile.weights, hop), stationary)


class GemmState(NamedTuple):
    """The times that matter to a GEMM's next tile: two operand banks, two sets of sums, one read and one write channel.

    banks, sums    when each is free, the one that is used next first
    weights_end    where weights are stationary: when the last ones had all been sent
    mode           that of the last tile; None before the first one
    """

    load_end: int = 0
    banks: tuple[int, int] = (0, 0)
    start: int = 0
    compute_end: int = 0
    sums: tuple[int, int] = (0, 0)
    store_end: int = 0
    weights_end: int | None = None
    mode: tuple[bool, int] | None = None

    def after(self, tile: GemmTimes) -> tuple[Self, Span]:
        """The state after a tile, and the tile's times.

        A load needs the read channel and a bank that the tile before the last has left. Compute needs its operands, and
        sums that have been stored; where weights are stationary, also weights in the array, and the sums of the tile
        before. A store needs the write channel and finished sums.
        """
        sums, weights_end, store_end = self.sums, self.weights_end, self.store_end
        load_start = max(self.load_end, self.banks[0])
        load_end = load_start + tile.load
        ready = load_end + timing.START_SETUP
        if self.mode != tile.mode and self.mode:                # only when nothing is under way
            ready, weights_end = max(ready, max(sums) + timing.START_SETUP), None
        if tile.stationary:
            sending, leading, turnaround = tile.stationary
            weights_start, back = ready, 0
            if weights_end is not None:                         # the elements' other bank is free, too
                weights_start = max(ready, weights_end, self.start + timing.START_SETUP)
                back = self.start + turnaround
            weights_end = weights_start + sending
            ready = max(weights_start + leading, back)
        start = max(self.compute_end, ready, sums[0] + timing.START_SETUP if tile.first else 0)
        compute_end = start + tile.steps
        if tile.last:
            store_end = max(store_end, compute_end + tile.drain) + tile.store
            sums = sums[1], store_end
        state = GemmState(load_end, (self.banks[1], compute_end + tile.release), start, compute_end, sums, store_end,
                          weights_end, tile.mode)
        return state, Span(load_start, load_end, start, compute_end, store_end if tile.last else None)

    def since(self) -> tuple[int, Self]:
        """A time, and the state as it is from there; what comes does not tell states apart that are equal then."""
        now = self.compute_end
        load_end = max(self.load_end, self.banks[0]) - now
        banks = load_end, max(self.banks[1] - now, load_end)
        sums = tuple(max(free - now, -timing.START_SETUP) for free in self.sums)
        weights_end = None if self.weights_end is None else self.weights_end - now
        return now, GemmState(load_end, banks, self.start - now, 0, sums, max(self.store_end - now, 0), weights_end,
                              self.mode)


class UpdateTimes(NamedTuple):
    """What the parts of an update tile's transaction take, in cycles; slices from its first one to its load's end."""

    load: int
    slices: int
    store: int

    @classmethod
    def of(cls, program: UpdateProgram, tile: UpdateTile) -> Self:
        """Those of a tile."""
        return cls(timing.LOAD_SETUP + program.read_cycles(tile), program.lines(tile) - program.slice_lines,
                   timing.STORE_SETUP + program.write_cycles(tile))


class UpdateState(NamedTuple):
    """The times that matter to an update's next tile: two banks for what a tile gives, the one used next first."""

    load_end: int = 0
    banks: tuple[int, int] = (0, 0)
    store_end: int = 0

    def after(self, tile: UpdateTimes) -> tuple[Self, Span]:
        """The state after a tile, and the tile's times: its slices enter as its lines come."""
        load_start = max(self.load_end, self.banks[0])
        load_end = load_start + tile.load
        store_end = max(self.store_end, load_end + 1 + timing.UPDATE_LAG) + tile.store
        return (UpdateState(load_end, (self.banks[1], store_end), store_end),
                Span(load_start, load_end, load_end - tile.slices, load_end + 1, store_end))

    def since(self) -> tuple[int, Self]:
        """A time, and the state as it is from there; what comes does not tell states apart that are equal then."""
        now = self.load_end
        first = max(self.banks[0] - now, 0)
        return now, UpdateState(0, (first, max(self.banks[1] - now, first)), self.store_end - now)


def _kind(program: Program | UpdateProgram) -> tuple[type, type]:
    """(times of a tile, state between tiles) of a kind of program."""
    if isinstance(program, Program):
        return GemmTimes, GemmState
    if isinstance(program, UpdateProgram):
        return UpdateTimes, UpdateState
    raise TypeError(f"a program must be a Program or an UpdateProgram, not {type(program).__name__}")


def simulate(program: Program | UpdateProgram) -> Timeline:
    """What a program costs. Raises TypeError for anything but a Program or an UpdateProgram."""
    _, state = _kind(program)
    end, last = _Walk(program).through(program.runs(), state())
    return Timeline(program, end + last.store_end)


class _Walk:
    """Goes through the tiles of a program, and remembers what has happened before."""

    def __init__(self, program: Program | UpdateProgram):
        self.program, (self.times, _) = program, _kind(program)
        self.known: dict[tuple[int, Any], tuple[int, Any]] = {}
        self.costs: dict[int, Any] = {}

    def through(self, run: Run, state: Any) -> tuple[int, Any]:
        """(cycles, state) after a run, both from a `since` to the next one."""
        time, done, met = 0, 0, {}
        while done < run.count:
            if state in met:                    # the same again, as often as there is room for
                before, then = met[state]
                again = (run.count - done) // (done - before)
                time, done, met = time + again * (time - then), done + again * (done - before), {}
                if done == run.count:
                    break
            met[state] = done, time
            taken, state = self._once(run, state)
            time, done = time + taken, done + 1
        return time, state

    def _once(self, run: Run, state: Any) -> tuple[int, Any]:
        key = id(run), state
        if key not in self.known:
            time = 0
            for part in run.parts:
                taken, state = self.through(part, state) if isinstance(part, Run) else self._tile(part, state)
                time += taken
            self.known[key] = time, state
        return self.known[key]

    def _tile(self, tile: Tile | UpdateTile, state: Any) -> tuple[int, Any]:
        if id(tile) not in self.costs:
            self.costs[id(tile)] = self.times.of(self.program, tile)
        return state.after(self.costs[id(tile)])[0].since()
