"""A plan: how each GEMM of a training step is laid on the array, and where the N:M copies of its weights are made."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rtl.config import Config, SatConfig, first_error
from tlm.gemm import Gemm
from tlm.mapping import DATAFLOWS, Mapping
from tlm.program import Program, schedule
from tlm.scheduler import best_mapping
from tlm.timeline import simulate
from tlm.update import Update, UpdateProgram, schedule_update
from tlm.workload.step import Work

GENERATION = {
    "update": "with the weight update: the next step reads them (pre-generation)",
    "use": "before each use, from the FP32 weights",
}


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class GemmChoice(_Strict):
    """One GEMM's mapping, and the cycles that it takes by the model."""

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
        """What the choice is for."""
        return self.layer, self.stage, self.m, self.k, self.n, self.sparsity

    @property
    def option(self) -> Mapping:
        """What was chosen."""
        return Mapping(self.dataflow, self.rows, self.columns, self.depth, self.order)

    def programs(self, gemm: Gemm, config: SatConfig) -> list[Program]:
        """What is run for the GEMM. Raises ValueError for a mapping that does not fit."""
        return [schedule(gemm, config, self.option)]


class UpdateChoice(_Strict):
    """Where one update's compact copies are made, and the cycles of update and copies together."""

    layer: str
    stage: str
    k: int
    n: int
    generation: Literal["update", "use"]
    cycles: int = Field(ge=1)

    @property
    def key(self) -> tuple:
        """What the choice is for."""
        return self.layer, self.stage, self.k, self.n

    @property
    def option(self) -> str:
        """What was chosen."""
        return self.generation

    def programs(self, update: Update, config: SatConfig) -> list[UpdateProgram]:
        """What is run for the update."""
        return [schedule_update(part, config) for part in _parts(update, self.generation)]


class Plan(_Strict):
    """The choices for one training step on one configuration."""

    config: SatConfig
    gemms: list[GemmChoice]
    updates: list[UpdateChoice]

    @property
    def cycles(self) -> int:
        """Of the whole step."""
        return sum(choice.cycles for choice in (*self.gemms, *self.updates))

    def mapping(self, gemm: Gemm) -> Mapping | str:
        """The mapping of a GEMM; 'os' for one that is not in the plan, such as of an epoch's last, smaller batch."""
        for choice in self.gemms:
            if _key(gemm) == choice.key:
                return choice.option
        return "os"

    def parts(self, update: Update) -> list[Update]:
        """What is run for an update: itself, or first without copies and then a reduction for each copy."""
        for choice in self.updates:
            if _key(update) == choice.key:
                return _parts(update, choice.generation)
        return [update]

    def save(self, file: str | Path) -> None:
        """Write it as JSON."""
        Path(file).write_text(self.model_dump_json(indent=1) + "\n")

    def check_config(self, config: Config) -> None:
        """Raise ValueError, naming the first field that differs, unless the plan is for this configuration."""
        if type(self.config) is not type(config):
            want, have = type(config).__name__, type(self.config).__name__
            raise ValueError(f"the plan is for another accelerator: config must be a {want}, not a {have}")
        for (name, want), (_, have) in zip(config, self.config, strict=True):
            if want != have:
                raise ValueError(f"the plan is for another configuration: {name} must be {want!r}, not {have!r}")

    def check(self, work: Iterable[Work], config: SatConfig) -> None:
        """Raise ValueError unless the plan is for this step and this configuration, naming what differs first.

        Each choice must fit, take the cycles that it says, and be that of all entries for the same GEMM or update.
        """
        self.check_config(config)
        gemms, updates = _kinds(work)
        wanted, found = [*gemms, *updates], [*self.gemms, *self.updates]
        for one, choice in zip(wanted, found):
            if _key(one) != choice.key:
                raise ValueError(f"the plan is for another training step: it must have {_key(one)}, not {choice.key}")
        if len(wanted) != len(found):
            raise ValueError(
                f"the plan is for another training step: it must have {len(wanted)} entries, not {len(found)}"
            )
        _check_choices(wanted, found, config)


def make_plan(
    work: Iterable[Work],
    config: SatConfig,
    dataflows: tuple[str, ...] = tuple(DATAFLOWS),
    generations: tuple[str, ...] = tuple(GENERATION),
) -> Plan:
    """The plan of fewest cycles for a step's GEMMs and updates, among those dataflows and places of generation."""
    gemms, updates = _kinds(work)
    first: dict[tuple, Mapping] = {}
    choices = []
    for gemm in gemms:
        mapping, cycles = _mapped(*nameless(gemm), config, dataflows)
        layer, stage, m, k, n, sparsity = key = _key(gemm)
        if first.setdefault(key, mapping) != mapping:  # the layer's call with a feature map of another form
            mapping = first[key]
            cycles = simulate(schedule(gemm, config, mapping)).cycles
        choices.append(
            GemmChoice(layer=layer, stage=stage, m=m, k=k, n=n, sparsity=sparsity, cycles=cycles, **vars(mapping))
        )
    return Plan(config=config, gemms=choices, updates=[_generation(update, config, generations) for update in updates])


def load_plan(file: str | Path, work: Iterable[Work], config: SatConfig) -> Plan:
    """The plan in a file. Raises ValueError for one that is damaged, or for another step or configuration."""
    try:
        plan = Plan.model_validate_json(Path(file).read_bytes())
    except ValidationError as error:
        raise ValueError(f"{file}: {first_error(error, 'plan')}") from None
    try:
        plan.check(work, config)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None
    return plan


def programs(work: Iterable[Work], config: SatConfig, plan: Plan | None = None) -> Iterator[Program | UpdateProgram]:
    """The programs of a step, as the plan says; without one, output-stationary with the largest tiles."""
    for one in work:
        if isinstance(one, Gemm):
            yield schedule(one, config, plan.mapping(one) if plan else "os")
        else:
            yield from (schedule_update(part, config) for part in (plan.parts(one) if plan else [one]))


def apart(update: Update) -> list[Update]:
    """An update that makes no copies, and a reduction for each copy that it would have made, which makes no other."""
    plain = replace(update, forward=False, backward=False)
    copies = [name for name in ("forward", "backward") if getattr(update, name)]
    return [plain] + [replace(plain, momentum=False, half=False, stage="reduce", **{name: True}) for name in copies]


def nameless(work: Work) -> tuple[Work, tuple | None]:
    """What costs the same is equal: work without its names, and its sources, which equality leaves out."""
    return replace(work, layer="", stage=""), getattr(work, "sources", None)


@lru_cache(maxsize=4096)  # the layers of a network are alike, and methods share GEMMs
def _mapped(gemm: Gemm, _sources: tuple, config: SatConfig, dataflows: tuple[str, ...]) -> tuple[Mapping, int]:
    """GEMMs that differ in their sources alone are equal, but take other cycles."""
    return best_mapping(gemm, config, dataflows)


def _parts(update: Update, generation: str) -> list[Update]:
    return apart(update) if generation == "use" and update.momentum else [update]


def _check_choices(work: list[Work], choices: list[GemmChoice | UpdateChoice], config: SatConfig) -> None:
    first: dict[tuple, Mapping | str] = {}
    known: dict[tuple, int] = {}
    for one, choice in zip(work, choices):
        try:
            if choice.option != first.setdefault(choice.key, choice.option):
                raise ValueError(f"all entries of {choice.key} must have {first[choice.key]}, not {choice.option}")
            same = nameless(one), choice.option
            if same not in known:
                known[same] = sum(simulate(program).cycles for program in choice.programs(one, config))
            if choice.cycles != known[same]:
                raise ValueError(f"cycles must be {known[same]}, not {choice.cycles}")
        except ValueError as error:
            raise ValueError(f"{one.layer} {one.stage}: {error}".lstrip()) from None


def _generation(update: Update, config: SatConfig, generations: tuple[str, ...]) -> UpdateChoice:
    if not update.momentum:
        generations = ("use",)  # a reduction of gradients, which no update could make before
    cycles = {name: _update_cycles(nameless(update)[0], config, name) for name in generations}
    best = min(cycles, key=cycles.get)
    return UpdateChoice(
        layer=update.layer, stage=update.stage, k=update.k, n=update.n, generation=best, cycles=cycles[best]
    )


@lru_cache(maxsize=4096)
def _update_cycles(update: Update, config: SatConfig, generation: str) -> int:
    return sum(simulate(schedule_update(part, config)).cycles for part in _parts(update, generation))


def _kinds(work: Iterable[Work]) -> tuple[list[Gemm], list[Update]]:
    work = list(work)
    return [one for one in work if isinstance(one, Gemm)], [one for one in work if isinstance(one, Update)]


def _key(one: Work) -> tuple:
    if isinstance(one, Update):
        return one.layer, one.stage, one.k, one.n
    return one.layer, one.stage, one.m, one.k, one.n, str(one.sparsity or "dense")
