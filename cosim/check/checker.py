"""An engine that compares every GEMM and update with the functional engine's bits and the model's cycles."""

from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from cosim.check.farm import Farm, result_of
from cosim.engines.around import EngineAround
from cosim.engines.engine import Engine
from cosim.engines.functional import Functional
from cosim.exchange import Copy, Report, Updated
from cosim.harness.simulation import SimulationError
from tlm.transactions import Program


@dataclass(frozen=True)
class Checked:
    """The verdict on one GEMM or update; `difference` is a sentence that says where it first differs, or is empty."""

    program: Program
    bits_equal: bool
    cycles_equal: bool
    cycles: int
    difference: str = ""

    @property
    def equal(self) -> bool:
        return self.bits_equal and self.cycles_equal


class Mismatch(Exception):
    """A GEMM or update whose bits or cycles are wrong."""


class _Asked(NamedTuple):
    """A program that is checked: what it must give, and what of a whole it is a part of (see Checker.check)."""

    program: Program
    expected: Any
    predicted: Report
    origins: Mapping[str, tuple[int, ...]]
    known: Any
    text: str


class Checker(EngineAround):
    """Runs on `inner` and on the functional engine. Raises Mismatch at the first difference.

    on_check  called with each Checked as it is made, for progress
    farm      other processes that run on engines like `inner`: then a result is the functional engine's, a difference
              is raised later, in the same order, and at the end `finish` waits for all that still run
    """

    def __init__(self, inner: Engine, on_check: Callable[[Checked], None] | None = None, farm: Farm | None = None):
        super().__init__(inner)
        self.on_check, self.farm = on_check, farm
        self.reference = Functional(inner.config, inner.memory)
        self.checked: list[Checked] = []
        self._running: deque[tuple[_Asked, Future[tuple[Any, Report]]]] = deque()

    def _run(self, program: Program, operands: Any) -> tuple[Any, Report]:
        return self.check(program, operands)

    def check(
        self,
        program: Program,
        operands: Any,
        origins: Mapping[str, tuple[int, ...]] = MappingProxyType({}),
        known: Any = None,
        text: str = "",
    ) -> tuple[Any, Report]:
        """Run a program that may be a piece of another one.

        origins  where in the other's result that of the piece begins: of 'c', or of each array of an update
        known    the result that it must have besides, where one is known from elsewhere: from the whole step
        text     what follows the words of a difference
        """
        asked = _Asked(program, *self.reference.run(program, operands), origins, known, text)
        if self.farm is None:
            return self._verdict(asked, lambda: self.inner.run(program, operands))
        self._running.append((asked, self.farm.submit(program, operands)))
        while len(self._running) > 2 * self.farm.jobs or (self._running and self._running[0][1].done()):
            self._settle()
        return asked.expected, asked.predicted

    def finish(self) -> None:
        """Wait for what still runs. Raises Mismatch as `check` does."""
        while self._running:
            self._settle()

    def _settle(self) -> None:
        asked, future = self._running.popleft()
        self._verdict(asked, lambda: result_of(future))

    def _verdict(self, asked: _Asked, run: Callable[[], tuple[Any, Report]]) -> tuple[Any, Report]:
        try:
            result, report = run()
        except SimulationError as error:
            raise Mismatch(f"{_where(asked.program)}: no result: {error}{self._look()}{asked.text}") from error
        bits = compare_bits(result, asked.expected, asked.program, report, asked.origins)
        if not bits and asked.known is not None:
            bits = compare_bits(result, asked.known, asked.program, report, asked.origins)
            bits = bits and f"unlike in the step's own result, {bits}"
        cycles = compare_cycles(report, asked.predicted)
        verdict = Checked(asked.program, not bits, not cycles, report.cycles, bits or cycles)
        self.checked.append(verdict)
        if self.on_check:
            self.on_check(verdict)
        if not verdict.equal:
            raise Mismatch(f"{_where(asked.program)}: {verdict.difference}{self._look()}{asked.text}")
        return result, report

    def _look(self) -> str:
        return f"; see {self.inner.waves}, whose signal device_out_cycle counts the cycles" if self.inner.waves else ""


def _where(program: Program) -> str:
    return " ".join(filter(None, (program.work.layer, program.work.stage))) or "gemm"


def compare_bits(
    result: Any,
    expected: Any,
    program: Program,
    report: Report,
    origins: Mapping[str, tuple[int, ...]] = MappingProxyType({}),
) -> str:
    """'' when every bit is equal, or which element differs first, how, and in which cycle a GEMM's left the array."""
    found = arrays_of(result)
    for name, want in arrays_of(expected).items():
        difference = _first_difference(found[name], want)
        if difference is None:
            continue
        element = f"element {_moved(difference.where, origins.get(name))}"
        left = ""
        if name != "c":
            element += f" of {name}"
        elif (cycle := left_at(program, report, *difference.where)) is not None:
            left = f"; it left the array at cycle {cycle}"
        return f"{element}{difference.how}{left}; {difference.differing} of {want.size} elements differ"
    return ""


def _moved(where: tuple[int, ...], origin: tuple[int, ...] | None) -> tuple[int, ...]:
    """A place in a whole's result, which may have more dimensions in front."""
    if origin is None:
        return where
    front = len(origin) - len(where)
    return *origin[:front], *(first + step for first, step in zip(origin[front:], where, strict=True))


class _Difference(NamedTuple):
    where: tuple[int, ...]
    how: str
    differing: int


def _first_difference(got: np.ndarray, want: np.ndarray) -> _Difference | None:
    word: type = {4: np.uint32, 2: np.uint16, 1: np.uint8}[want.dtype.itemsize]
    got, want = got.view(word), want.view(word)
    places = np.argwhere(got != want)
    if not len(places):
        return None
    where, digits = tuple(map(int, places[0])), want.dtype.itemsize * 2
    return _Difference(where, f" is 0x{got[where]:0{digits}x}, not 0x{want[where]:0{digits}x}", len(places))


def arrays_of(result: np.ndarray | Updated) -> dict[str, np.ndarray]:
    """The arrays of a result by name: 'c' of a GEMM, those of an update as it has them."""
    if isinstance(result, np.ndarray):
        return {"c": result}
    arrays: dict[str, np.ndarray] = {}
    for name, value in vars(result).items():
        if isinstance(value, Copy):
            arrays |= {f"{name} values": value.values, f"{name} indices": value.indices}
        elif value is not None:
            arrays[name] = np.ascontiguousarray(value)
    return arrays


def left_at(program: Program, report: Report, *where: int) -> int | None:
    """The cycle in which an element of c was stored, of a block whose beats leave one a cycle, the last at its end.

    None where the program does not say which beat brings it, and where a device that failed stored no such block.
    """
    item, row, column = (0, *where)[-3:]
    blocks = (tile for tile in program.tiles() if tile.last)
    for tile, end in zip(blocks, report.stores, strict=False):  # a device that failed may have stored fewer
        beat = program.beat_of(tile, item, row, column)
        if beat is not None:
            return end - program.beats(tile) + beat
    return None


def compare_cycles(report: Report, predicted: Report) -> str:
    """'' when total and all tiles are equal, or the first difference in a sentence."""
    # Where their numbers differ, the first that is unlike says more; else the last lines tell the numbers.
    for i, (got, want) in enumerate(zip(report.tiles, predicted.tiles, strict=False)):
        if got != want:
            return (
                f"tile {i}, which ends at cycle {sum(report.tiles[: i + 1])}, takes {got} cycles, "
                f"not {want} as the model says"
            )
    for i, (got, want) in enumerate(zip(report.stores, predicted.stores, strict=False)):
        if got != want:
            return f"block {i} is stored at cycle {got}, not {want} as the model says"
    for name in ("cycles", "busy", "waiting", "idle"):
        if (got := getattr(report, name)) != (want := getattr(predicted, name)):
            return f"the count of {name} is {got} at cycle {report.cycles}, not {want} as the model says"
    if report.overflow != predicted.overflow:
        return f"overflow is {report.overflow}, not {predicted.overflow}"
    if report != predicted:
        return (
            f"{len(report.tiles)} tiles and {len(report.stores)} blocks end, not {len(predicted.tiles)} "
            f"and {len(predicted.stores)}, by cycle {report.cycles}"
        )
    return ""
