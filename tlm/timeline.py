"""When each tile's load, compute and store happen, in DUT cycles: equal to the RTL's, tile by tile.

A tile's times depend on a few times of the tiles before it: a state, which `after` takes from tile to tile. Equal tiles
that find equal states, but for when, leave equal states, but for when: so of a long run of tiles a few are looked at.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from tlm.repeats import Repeat
from tlm.span import Span
from tlm.transactions import Program, TileState


@dataclass(frozen=True)
class Timeline:
    """When a program's tiles happen.

    cycles   from the first command to the last word stored; busy + waiting = cycles
    """

    program: Program
    cycles: int

    @cached_property
    def busy(self) -> int:
        """Cycles in which the array is issued a step."""
        return self.program.repeats().total(self.program.steps)

    @property
    def waiting(self) -> int:
        """Cycles in which it is issued none."""
        return self.cycles - self.busy

    @cached_property
    def spans(self) -> list[Span]:
        """The times of each tile."""
        state, spans = self.program.idle, []
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
    """How long each of several stretches is that follow each other from 0, by their ends."""
    return [end - start for start, end in pairwise([0, *ends])]


def simulate(program: Program) -> Timeline:
    """The cost of a program in cycles. Raises TypeError for anything but a program."""
    if not isinstance(program, Program):
        raise TypeError(f"a timeline is of a tlm.transactions.Program, not of a {type(program).__name__}")
    end, last = _Walk(program).through(program.repeats(), program.idle)
    return Timeline(program, end + last.store_end)


class _Walk:
    """Goes through the tiles of a program, and remembers what has happened before."""

    def __init__(self, program: Program):
        self.program = program
        self.known: dict[tuple[Repeat, TileState], tuple[int, TileState]] = {}
        self.costs: dict[Repeat, list[Any]] = {}

    def through(self, repeat: Repeat, state: TileState) -> tuple[int, TileState]:
        """(cycles, state) after a repeat, both from a `normalised` to the next one."""
        time, done = 0, 0
        met: dict[TileState, tuple[int, int]] = {}
        while done < repeat.count:
            if state in met:  # the same again, as often as there is room for
                before, then = met[state]
                again = (repeat.count - done) // (done - before)
                time, done, met = time + again * (time - then), done + again * (done - before), {}
                if done == repeat.count:
                    break
            met[state] = done, time
            taken, state = self._once(repeat, state)
            time, done = time + taken, done + 1
        return time, state

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
