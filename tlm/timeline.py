"""When each tile's load, compute and store happen, in DUT cycles: equal to the RTL's, tile by tile.

A tile's times depend on a few times of the tiles before it: a state, which `after` takes from tile to tile. Equal tiles
that find equal states, but for when, leave equal states, but for when: so of a long run of tiles a few are looked at.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tlm.gemm_times import GemmState, GemmTimes
from tlm.program import Program, Tile
from tlm.runs import Run
from tlm.sigma.program import SigmaProgram, SigmaTile
from tlm.sigma.times import SigmaState, SigmaTimes
from tlm.span import Span
from tlm.update import UpdateProgram, UpdateTile
from tlm.update_times import UpdateState, UpdateTimes

AnyProgram = Program | UpdateProgram | SigmaProgram
AnyTile = Tile | UpdateTile | SigmaTile
KINDS = {
    Program: (GemmTimes, GemmState),
    UpdateProgram: (UpdateTimes, UpdateState),
    SigmaProgram: (SigmaTimes, SigmaState),
}


@dataclass(frozen=True)
class Timeline:
    """What a program costs.

    cycles   from the first command to the last word stored; busy + waiting = cycles
    """

    program: AnyProgram
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


def _kind(program: AnyProgram) -> tuple[type, type]:
    """(times of a tile, state between tiles) of a kind of program."""
    for kind, both in KINDS.items():
        if isinstance(program, kind):
            return both
    names = " or ".join(kind.__name__ for kind in KINDS)
    raise TypeError(f"a program must be a {names}, not {type(program).__name__}")


def simulate(program: AnyProgram) -> Timeline:
    """What a program costs. Raises TypeError for anything but a Program or an UpdateProgram."""
    _, state = _kind(program)
    end, last = _Walk(program).through(program.runs(), state())
    return Timeline(program, end + last.store_end)


class _Walk:
    """Goes through the tiles of a program, and remembers what has happened before."""

    def __init__(self, program: AnyProgram):
        self.program, (self.times, _) = program, _kind(program)
        self.known: dict[tuple[int, Any], tuple[int, Any]] = {}
        self.costs: dict[int, Any] = {}

    def through(self, run: Run, state: Any) -> tuple[int, Any]:
        """(cycles, state) after a run, both from a `since` to the next one."""
        time, done, met = 0, 0, {}
        while done < run.count:
            if state in met:  # the same again, as often as there is room for
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

    def _tile(self, tile: AnyTile, state: Any) -> tuple[int, Any]:
        if id(tile) not in self.costs:
            self.costs[id(tile)] = self.times.of(self.program, tile)
        return state.after(self.costs[id(tile)])[0].since()
