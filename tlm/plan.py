"""A plan: how each GEMM of a training step is laid on SAT's array, and where the N:M copies of its weights are made."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rtl.config import Config, first_error
from rtl.sat_config import SatConfig
from tlm.dataflow import DATAFLOWS
from tlm.gemm import Gemm
from tlm.mapping import Mapping
from tlm.program import GemmProgram, schedule_gemm
from tlm.scheduler import best_mapping
from tlm.timeline import simulate
from tlm.update import Update
from tlm.update_program import UpdateProgram, schedule_update
from tlm.work import Work, nameless

GENERATION = {
    "update": "with the weight update: the next step reads them (pre-generation)",
    "use": "before each use, from the FP32 weights",
}


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class GemmChoice(_Strict):
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
        """The GEMM that the choice is for."""
        return self.layer, self.stage, self.m, self.k, self.n, self.sparsity

    @property
    def option(self) -> Mapping:
        """The mapping that was chosen."""
        return Mapping(self.dataflow, self.rows, self.columns, self.depth, self.order)

    def programs(self, gemm: Gemm, config: SatConfig) -> list[GemmProgram]:
        """The program of the GEMM. Raises ValueError for a mapping that does not fit."""
        return [schedule_gemm(gemm, config, self.option)]


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
        """The update that the choice is for."""
        return self.layer, self.stage, self.k, self.n

    @property
    def option(self) -> str:
        """The place of generation that was chosen."""
        return self.generation

    def programs(self, update: Update, config: SatConfig) -> list[UpdateProgram]:
        """The programs of the update."""
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

    @cached_property
    def _mappings(self) -> dict[tuple, Mapping]:
        return {choice.key: choice.option for choice in reversed(self.gemms)}

    @cached_property
    def _generations(self) -> dict[tuple, str]:
        return {choice.key: choice.generation for choice in reversed(self.updates)}

    def mapping(self, gemm: Gemm) -> Mapping | str:
        """The mapping of a GEMM; 'os' for one that is not in the plan, such as of an epoch's last, smaller batch."""
        return self._mappings.get(_key(gemm), "os")

    def parts(self, update: Update) -> list[Update]:
        """The parts of an update, one after another: itself, or first without copies and then a reduction for each."""
        return _parts(update, self._generations.get(_key(update), "update"))

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
        gemms, updates = _by_kind(work)
        wanted, found = [*gemms, *updates], [*self.gemms, *self.updates]
        for one, choice in zip(wanted, found, strict=False):  # the first that differs says more than the lengths
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
    dataflows: Sequence[str] = tuple(DATAFLOWS),
    generations: Sequence[str] = tuple(GENERATION),
) -> Plan:
    """The plan of fewest cycles for a step's GEMMs and updates, among those dataflows and places of generation.

    Raises ValueError for a configuration that is not SAT's, and an unknown dataflow.
    """
    if not isinstance(config, SatConfig):
        raise ValueError(f"a plan is made for a {SatConfig.__name__}, not for a {type(config).__name__}")
    gemms, updates = _by_kind(work)
    first: dict[tuple, Mapping] = {}
    choices = []
    for gemm in gemms:
        mapping, cycles = _mapped(nameless(gemm), config, tuple(dataflows))
        layer, stage, m, k, n, sparsity = key = _key(gemm)
        if first.setdefault(key, mapping) != mapping:  # the layer's call with a feature map of another form
            mapping = first[key]
            cycles = simulate(schedule_gemm(gemm, config, mapping)).cycles
        choices.append(
            GemmChoice(layer=layer, stage=stage, m=m, k=k, n=n, sparsity=sparsity, cycles=cycles, **asdict(mapping))
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


def without_pregeneration(update: Update) -> list[Update]:
    """An update that makes no copies, and a reduction for each copy that it would have made, which makes no other."""
    plain = replace(update, forward=False, backward=False, half=update.stores_half)
    copies = [name for name in ("forward", "backward") if getattr(update, name)]
    return [plain, *(replace(plain, momentum=False, half=False, stage="reduce", **{name: True}) for name in copies)]


@lru_cache(maxsize=4096)  # the layers of a network are alike, and methods share GEMMs
def _mapped(gemm: Gemm, config: SatConfig, dataflows: tuple[str, ...]) -> tuple[Mapping, int]:
    return best_mapping(gemm, config, dataflows)


def _parts(update: Update, generation: str) -> list[Update]:
    return without_pregeneration(update) if generation == "use" and update.momentum else [update]


def _check_choices(work: list[Work], choices: list[GemmChoice | UpdateChoice], config: SatConfig) -> None:
    first: dict[tuple, Mapping | str] = {}
    known: dict[tuple, int] = {}
    for one, choice in zip(work, choices, strict=True):
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


def _generation(update: Update, config: SatConfig, generations: Sequence[str]) -> UpdateChoice:
    if not update.momentum:
        generations = ("use",)  # a reduction of gradients, which no update could make before
    cycles = {name: _update_cycles(nameless(update), config, name) for name in generations}
    best = min(cycles, key=cycles.__getitem__)
    return UpdateChoice(
        layer=update.layer, stage=update.stage, k=update.k, n=update.n, generation=best, cycles=cycles[best]
    )


@lru_cache(maxsize=4096)
def _update_cycles(update: Update, config: SatConfig, generation: str) -> int:
    return sum(simulate(schedule_update(part, config)).cycles for part in _parts(update, generation))


def _by_kind(work: Iterable[Work]) -> tuple[list[Gemm], list[Update]]:
    work = list(work)
    return [one for one in work if isinstance(one, Gemm)], [one for one in work if isinstance(one, Update)]


def _key(one: Work) -> tuple:
    if isinstance(one, Update):
        return one.layer, one.stage, one.k, one.n
    return one.layer, one.stage, one.m, one.k, one.n, str(one.sparsity or "dense")
