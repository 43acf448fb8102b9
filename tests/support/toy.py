"""A third accelerator, as small as one can be: a unit of dot products, a row of the result at a time.

It reads a row of a and all of b, line by line, multiplies `lanes` elements a cycle, and stores the row. Nothing of it
overlaps. Its row goes into the table of accelerators by monkeypatch: `add_toy`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import pytest
from pydantic import Field

from rtl.config import Config
from tlm.accelerator import Accelerator
from tlm.accelerators import TABLE
from tlm.gemm import OUTPUT_BYTES, Gemm
from tlm.memory import Memory, memory_of
from tlm.repeats import Repeat
from tlm.span import Span
from tlm.transactions import Program

ELEMENT = 2  # bytes of an operand's value


class DotConfig(Config):
    """Parameters of the dot-product unit."""

    accelerator: ClassVar[str] = "dot"

    lanes: int = Field(default=16, ge=1, description="multipliers")

    @property
    def elements(self) -> int:
        return self.lanes

    @property
    def size(self) -> tuple[int, int]:
        return 1, self.lanes


@dataclass(frozen=True)
class DotTile:
    """A row of the result."""

    row: int
    item: int = 0
    first = last = True  # each leaves at once


class DotTimes(NamedTuple):
    """Cycles of a tile's load, steps and store."""

    load: int
    steps: int
    store: int


class DotState(NamedTuple):
    """The end of the last store."""

    store_end: int = 0

    def after(self, times: DotTimes) -> tuple["DotState", Span]:
        """One part follows the other."""
        load_end = self.store_end + times.load
        compute_end = load_end + times.steps
        store_end = compute_end + times.store
        return DotState(store_end), Span(self.store_end, load_end, load_end, compute_end, store_end)

    def normalised(self) -> tuple[int, "DotState"]:
        """The last store's end, from which nothing is left to count."""
        return self.store_end, DotState()


@dataclass(frozen=True)
class DotProgram(Program):
    """The rows of a GEMM."""

    gemm: Gemm
    config: DotConfig
    memory: Memory
    mapping: str = "dot"

    @property
    def work(self) -> Gemm:
        return self.gemm

    @property
    def dataflow(self) -> str:
        return self.mapping

    @property
    def tile(self) -> list[int]:
        return [1, self.gemm.k, self.gemm.n]

    def tiles(self):
        return (DotTile(row, item) for item in range(self.gemm.count) for row in range(self.gemm.m))

    def repeats(self) -> Repeat:
        return Repeat((DotTile(0),), self.gemm.count * self.gemm.m)

    def steps(self, tile: DotTile) -> int:
        return self.gemm.n * -(-self.gemm.kept // self.config.lanes)

    def lines(self, tile: DotTile) -> int:
        return -(-self.gemm.k * (1 + self.gemm.n) // self.config.lanes)

    def beats(self, tile: DotTile) -> int:
        return self.gemm.n

    def read_bytes(self, tile: DotTile) -> tuple[float, float]:
        return float(ELEMENT * self.gemm.k * (1 + self.gemm.n)), 0.0

    def write_bytes(self, tile: DotTile) -> int:
        return self.gemm.n * OUTPUT_BYTES[self.gemm.output]

    @property
    def initial_state(self) -> DotState:
        return DotState()

    def times(self, tile: DotTile) -> DotTimes:
        return DotTimes(self.read_cycles(tile), self.steps(tile), self.write_cycles(tile))


def schedule(
    gemm: Gemm, config: DotConfig, mapping: Any = None, *, zeros: Any = None, memory: Memory | None = None
) -> DotProgram:
    """tlm.accelerator.Schedule: there is one way only."""
    if mapping not in (None, "dot"):
        raise ValueError(f"the dataflow must be dot, not {mapping!r}")
    return DotProgram(gemm, config, memory_of(config, memory))


def best(
    gemm: Gemm,
    config: DotConfig,
    dataflows: Sequence[str] = (),
    *,
    densities: tuple[float, float] | None = None,
    by_chance: bool = False,
    memory: Memory | None = None,
) -> tuple[DotProgram, int]:
    """tlm.accelerator.Best: there is one way only. Its cycles by a formula, which the timeline must agree with."""
    program = schedule(gemm, config, *dataflows, memory=memory)
    return program, gemm.count * gemm.m * sum(program.times(DotTile(0)))


PRESETS = {"small": DotConfig(name="small", lanes=16, buffer_kib=32)}

DOT = Accelerator(
    name="dot",
    title="the dot-product unit",
    summary="one row of the result at a time",
    config_type=DotConfig,
    presets=PRESETS,
    dataflows={"dot": "a row of a stays"},
    schedule=schedule,
    best=best,
    counts_updates=False,
)


def add_toy(monkeypatch: pytest.MonkeyPatch) -> Accelerator:
    """Its row, in the table of accelerators until the test ends."""
    monkeypatch.setitem(TABLE, DOT.name, DOT)
    return DOT
