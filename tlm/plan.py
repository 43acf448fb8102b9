"""A plan: how each GEMM of a training step is laid on the array, and where the N:M copies of its weights are made."""
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from rtl.config import SatConfig
from tlm.gemm import Gemm
from tlm.mapping import DATAFLOWS, Mapping
from tlm.program import Program, schedule
from tlm.scheduler import best_mapping
from tlm.timeline import simulate
from tlm.update import Update, UpdateProgram, schedule_update

Work = Gemm | Update
GENERATION = {"update": "with the weight update: the next step reads them (pre-generation)",
              "use": "before each use, from the FP32 weights"}


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


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
    cycles: int


class UpdateChoice(_Strict):
    """Where one update's compact copies are made, and the cycles of update and copies together."""

    layer: str
    k: int
    n: int
    generation: Literal["update", "use"]
    cycles: int


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
            if _key(gemm) == (choice.layer, choice.stage, choice.m, choice.k, choice.n, choice.sparsity):
                return Mapping(choice.dataflow, choice.rows, choice.columns, choice.depth, choice.order)
        return "os"

    def parts(self, update: Update) -> list[Update]:
        """What is run for an update: itself, or first without copies and then a reduction for each copy."""
        for choice in self.updates:
            if (update.layer, update.k, update.n) == (choice.layer, choice.k, choice.n) and choice.generation == "use":
                return apart(update)
        return [update]

    def save(self, file: Path) -> None:
        """Write it as JSON."""
        file.write_text(self.model_dump_json(indent=1) + "\n")

    def check(self, work: Iterable[Work], config: SatConfig) -> None:
        """Raise ValueError unless the plan is for this step and this configuration, naming what differs first."""
        if self.config != config:
            name, want, have = next((name, want, have) for (name, want), (_, have) in zip(config, self.config)
                                    if want != have)
            raise ValueError(f"the plan is for another configuration: {name} must be {want!r}, not {have!r}")
        gemms, updates = _kinds(work)
        wanted = [_key(gemm) for gemm in gemms] + [(update.layer, update.k, update.n) for update in updates]
        found = [(c.layer, c.stage, c.m, c.k, c.n, c.sparsity) for c in self.gemms] + \
            [(c.layer, c.k, c.n) for c in self.updates]
        for want, have in zip(wanted, found):
            if want != have:
                raise ValueError(f"the plan is for another training step: it must have {want}, not {have}")
        if len(wanted) != len(found):
            raise ValueError(f"the plan is for another training step: it must have {len(wanted)} entries, "
                             f"not {len(found)}")
        for gemm in gemms:
            schedule(gemm, config, self.mapping(gemm))


def make_plan(work: Iterable[Work], config: SatConfig, dataflows: tuple[str, ...] = tuple(DATAFLOWS),
              generations: tuple[str, ...] = tuple(GENERATION)) -> Plan:
    """The plan of fewest cycles for a step's GEMMs and updates, among those dataflows and places of generation."""
    gemms, updates = _kinds(work)
    known: dict[tuple, tuple[Mapping, int]] = {}
    choices = []
    for gemm in gemms:
        shape = (gemm.shape, gemm.sparsity, gemm.output, gemm.source)
        if shape not in known:
            known[shape] = best_mapping(gemm, config, dataflows)
        mapping, cycles = known[shape]
        layer, stage, m, k, n, sparsity = _key(gemm)
        choices.append(GemmChoice(layer=layer, stage=stage, m=m, k=k, n=n, sparsity=sparsity, cycles=cycles,
                                  **vars(mapping)))
    return Plan(config=config, gemms=choices, updates=[_generation(update, config, generations) for update in updates])


def load_plan(file: Path, work: Iterable[Work], config: SatConfig) -> Plan:
    """The plan in a file. Raises ValueError for one that is damaged, or for another step or configuration."""
    try:
        plan = Plan.model_validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{file}: {'.'.join(map(str, first['loc'])) or 'plan'}: {first['msg']}") from None
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
    """An update that makes no copies, and a reduction for each copy that it would have made."""
    plain = replace(update, forward=False, backward=False)
    copies = [name for name in ("forward", "backward") if getattr(update, name)]
    return [plain] + [replace(plain, momentum=False, stage="reduce", **{name: True}) for name in copies]


def _generation(update: Update, config: SatConfig, generations: tuple[str, ...]) -> UpdateChoice:
    parts = {"update": [update], "use": apart(update)}
    cycles = {name: sum(simulate(schedule_update(part, config)).cycles for part in parts[name]) for name in generations}
    best = min(cycles, key=cycles.get)
    return UpdateChoice(layer=update.layer, k=update.k, n=update.n, generation=best, cycles=cycles[best])


def _kinds(work: Iterable[Work]) -> tuple[list[Gemm], list[Update]]:
    work = list(work)
    return [one for one in work if isinstance(one, Gemm)], [one for one in work if isinstance(one, Update)]


def _key(gemm: Gemm) -> tuple:
    return gemm.layer, gemm.stage, gemm.m, gemm.k, gemm.n, str(gemm.sparsity or "dense")
