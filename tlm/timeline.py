"""When each tile's load, compute and store happen, in DUT cycles: equal to the RTL's, tile by tile.

A tile's times depend on a few times of the tiles before it: a state, which `after` takes from tile to tile. Equal tiles
that find equal states, but for when, leave equal states, but for when. So of a long stretch of equal tiles a few are
looked at: until a state comes again, or until states are known to move evenly for a while, as where loads take a cycle
less than stores, and each store waits a cycle longer than the one before.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from tlm.repeats import Repeat
from tlm.span import Span
from tlm.transactions import Program, TileState

UNLIKE = object()
COST = "_cost"  # the attribute in which a program keeps its cycles and those that are busy
LOOK = 16  # repeats after which it is looked whether states move evenly; then after twice as many, ...


@dataclass(frozen=True)
class Timeline:
    """When a program's tiles happen.

    cycles   from the first command to the last word stored; busy + waiting = cycles
    counted  cycles in which the array is issued a step, where they are counted already
    """

    program: Program
    cycles: int
    counted: int | None = None

    @cached_property
    def busy(self) -> int:
        """Cycles in which the array is issued a step."""
        return self.program.repeats().total(self.program.steps) if self.counted is None else self.counted

    @property
    def waiting(self) -> int:
        """Cycles in which it is issued none."""
        return self.cycles - self.busy

    @cached_property
    def spans(self) -> list[Span]:
        """The times of each tile."""
        state, spans = self.program.initial_state, []
        for tile in self.program.tiles():
            state, span = state.after(self.program.times(tile))
            spans.append(span)
        return spans

    @cached_property
    def stores(self) -> list[int]:
        """The cycle in which each block of the result has left."""
        return [span.store_end for span in self.spans if span.store_end is not None]

    @cached_property
    def tiles(self) -> list[int]:
        """Cycles of each tile, from the end of the one before to its own end: to its last word for the last."""
        return lengths([span.compute_end for span in self.spans[:-1]] + [self.cycles])


def lengths(ends: list[int]) -> list[int]:
    """Lengths of stretches that follow one another from 0 on, by their ends."""
    return [end - start for start, end in pairwise([0, *ends])]


def simulate(program: Program) -> Timeline:
    """The cost of a program in cycles. Raises TypeError for anything but a program."""
    if not isinstance(program, Program):
        raise TypeError(f"a timeline is of a tlm.transactions.Program, not of a {type(program).__name__}")
    if not program.for_operands:
        return Timeline(program, _walked(program, program.repeats()))
    # Its tiles are told one by one, and it is asked when it is chosen, and again when it has run: it keeps the answer.
    known = vars(program)
    if COST not in known:
        repeats = program.repeats()
        known[COST] = _walked(program, repeats), repeats.total(program.steps)
    return Timeline(program, *known[COST])


def _walked(program: Program, repeats: Repeat) -> int:
    end, last = _Walk(program).through(repeats, program.initial_state)
    return end + last.store_end


def further(before: Any, state: Any, times: int) -> Any:
    """The state after so many more moves as that from `before` to `state`: tuples of whole numbers, or of tuples.

    Where they differ in anything else, there is UNLIKE, which no state has.
    """
    if isinstance(state, tuple) and type(before) is type(state) and len(before) == len(state):
        parts = [further(old, new, times) for old, new in zip(before, state, strict=True)]
        return type(state)._make(parts) if hasattr(state, "_make") else tuple(parts)
    if isinstance(state, int) and isinstance(before, int) and not isinstance(state, bool):
        return state + times * (state - before)
    return state if state == before else UNLIKE


class _Walk:
    """A walk through the tiles of a program, which knows the repeats that it has been through."""

    def __init__(self, program: Program):
        self.program = program
        self.known: dict[tuple[Repeat, TileState], tuple[int, TileState]] = {}
        self.costs: dict[Repeat, list[Any]] = {}

    def through(self, repeat: Repeat, state: TileState) -> tuple[int, TileState]:
        """(cycles, state) after a repeat, both from a `normalised` to the next one."""
        if repeat.count == 1:
            return self._once(repeat, state)
        time, done, look = 0, 0, LOOK
        met: dict[TileState, tuple[int, int]] = {}
        while done < repeat.count:
            if state in met:  # the same again, as often as there is room for
                before, then = met[state]
                again = (repeat.count - done) // (done - before)
                time, done, met = time + again * (time - then), done + again * (done - before), {}
                if done == repeat.count:
                    break
            met[state] = done, time
            if done >= look and repeat.count - done > look:  # no cycle so far, and a long way to go
                taken, times, state = self._drift(repeat, state, repeat.count - done)
                look *= 2
            else:
                (taken, state), times = self._once(repeat, state), 1
            time, done = time + taken, done + times
        return time, state

    def _drift(self, repeat: Repeat, state: TileState, most: int) -> tuple[int, int, TileState]:
        """(cycles, times, state) after the repeat, so many times at most: as often as the states move evenly; or once.

        All times after a repeat are sums and maxima of times before it: convex functions of them. A convex function
        that lies on a straight line at three points does so between them. So where this repeat, the next one, and one
        from the state that would be reached by then all move the times by the same, those between do, too.
        """
        taken, second = self._once(repeat, state)
        more, third = self._once(repeat, second)
        steps = most - 1 if third == further(state, second, 1) else 0
        while steps > 1:
            far = further(state, second, steps - 1)
            last, end = self._once(repeat, far)
            if end == further(state, second, steps) and last == taken + steps * (more - taken):
                return (steps + 1) * (taken + last) // 2, steps + 1, end
            steps //= 2
        return taken, 1, second

    def _once(self, repeat: Repeat, state: TileState) -> tuple[int, TileState]:
        key = repeat, state
        if key not in self.known:
            time = 0
            for part, times in zip(repeat.parts, self._times(repeat), strict=True):
                taken, state = self.through(part, state) if times is None else state.after(times)[0].normalised()
                time += taken
            self.known[key] = time, state
        return self.known[key]

    def _times(self, repeat: Repeat) -> list[Any]:
        """The times of each part that is a tile; None for a part that is a Repeat."""
        if repeat not in self.costs:
            self.costs[repeat] = [None if isinstance(x, Repeat) else self.program.times(x) for x in repeat.parts]
        return self.costs[repeat]
