"""The choices of which a plan is made: a GEMM's mapping, and where an update's compact copies are made."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from rtl.sat.config import SatConfig
from tlm.gemm import Gemm
from tlm.memory import Memory
from tlm.sat.mapping import Mapping
from tlm.sat.program import GemmProgram, schedule_gemm
from tlm.sat.update_program import UpdateProgram, schedule_update
from tlm.transactions import Program
from tlm.update import Update
from tlm.work import Work

Place = Literal["update", "use"]  # where N:M copies are made
GENERATION: dict[Place, str] = {
    "update": "with the weight update: the next step reads them (pre-generation)",
    "use": "before each use, from the FP32 weights",
}

OneWork = TypeVar("OneWork", bound=Work, contravariant=True)


class Choice(Protocol[OneWork]):
    """The decision for one piece of work, and the cycles that follow from it."""

    @property
    def cycles(self) -> int:
        """Cycles of all its programs, by the model."""
        ...

    @property
    def key(self) -> tuple:
        """`key_of` the work that it is for."""
        ...

    @property
    def option(self) -> Mapping | str:
        """The option that was chosen."""
        ...

    def programs(self, work: OneWork, config: SatConfig, memory: Memory | None) -> Sequence[Program]:
        """The programs of the work, one after another. Raises ValueError for an option that does not fit."""
        ...


class Strict(BaseModel):
    """Data that is frozen, of exactly these keys and types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class GemmChoice(Strict):
    """One GEMM's mapping, and its cycles by the model."""

    layer: str
    stage: str
    m: int
    k: int
    n: int
    sparsity: str
    dataflow: Literal["os", "ws"]
    rows: int
    columns: int
    depth: int
    order: Literal["rows", "columns"]
    cycles: int = Field(ge=1)

    @property
    def key(self) -> tuple:
        """`key_of` the GEMM that it is for."""
        return self.layer, self.stage, self.m, self.k, self.n, self.sparsity

    @property
    def option(self) -> Mapping:
        """The mapping that was chosen."""
        return Mapping(self.dataflow, self.rows, self.columns, self.depth, self.order)

    def programs(self, work: Gemm, config: SatConfig, memory: Memory | None) -> list[GemmProgram]:
        """The program of the GEMM. Raises ValueError for a mapping that does not fit."""
        return [schedule_gemm(work, config, self.option, memory)]


class UpdateChoice(Strict):
    """Where one update's compact copies are made, and the cycles of update and copies together."""

    layer: str
    stage: str
    k: int
    n: int
    generation: Place
    cycles: int = Field(ge=1)

    @property
    def key(self) -> tuple:
        """`key_of` the update that it is for."""
        return self.layer, self.stage, self.k, self.n

    @property
    def option(self) -> str:
        """The place of generation that was chosen."""
        return self.generation

    def programs(self, work: Update, config: SatConfig, memory: Memory | None) -> list[UpdateProgram]:
        """The programs of the update, one after another."""
        return [schedule_update(part, config, memory) for part in parts_of(work, self.generation)]


def key_of(one: Work) -> tuple:
    """Equal for work that must have one choice: of the same layer and stage, size and pattern."""
    if isinstance(one, Update):
        return one.layer, one.stage, one.k, one.n
    return one.layer, one.stage, one.m, one.k, one.n, str(one.sparsity or "dense")


def place_of(name: str) -> Place:
    """The place of that name. Raises ValueError for an unknown one."""
    for place in GENERATION:
        if name == place:
            return place
    raise ValueError(f"the place of generation must be one of {', '.join(GENERATION)}, not {name!r}")


def parts_of(update: Update, place: str) -> list[Update]:
    """The parts of an update whose copies are made there, one after another."""
    return without_pregeneration(update) if place == "use" and update.momentum else [update]


def without_pregeneration(update: Update) -> list[Update]:
    """An update that makes no copies, and a reduction for each copy that it would have made, which makes no other."""
    plain = replace(update, forward=False, backward=False, half=update.stores_half)
    copies = [(True, False)] * update.forward + [(False, True)] * update.backward
    return [
        plain,
        *(
            replace(plain, forward=forward, backward=backward, momentum=False, half=False, stage="reduce")
            for forward, backward in copies
        ),
    ]
