"""A plan: how each GEMM of a training step is laid on SAT's array, and where the N:M copies of its weights are made."""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import asdict
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from rtl.config import Config, first_error
from rtl.sat.config import SatConfig
from tlm.gemm import Gemm
from tlm.memory import Memory, memory_of
from tlm.sat.choices import (
    GENERATION,
    Choice,
    GemmChoice,
    OneWork,
    Place,
    Strict,
    UpdateChoice,
    key_of,
    parts_of,
    place_of,
)
from tlm.sat.dataflow import DATAFLOWS
from tlm.sat.mapping import Mapping
from tlm.sat.program import schedule_gemm
from tlm.sat.scheduler import best_mapping
from tlm.sat.update_program import schedule_update
from tlm.timeline import simulate
from tlm.update import Update
from tlm.work import Work, nameless


class Plan(Strict):
    """The choices for one training step on one configuration."""

    config: SatConfig
    gemms: list[GemmChoice]
    updates: list[UpdateChoice]

    @property
    def cycles(self) -> int:
        """Cycles of the whole step."""
        return sum(choice.cycles for choice in self.gemms) + sum(choice.cycles for choice in self.updates)

    @cached_property
    def _mappings(self) -> dict[tuple, Mapping]:
        return {choice.key: choice.option for choice in reversed(self.gemms)}

    @cached_property
    def _generations(self) -> dict[tuple, str]:
        return {choice.key: choice.generation for choice in reversed(self.updates)}

    # A copy may have other choices (`model_copy`): it makes these dictionaries again.
    def __copy__(self) -> Self:
        return self.model_construct(**dict(self))

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return self.model_construct(**deepcopy(dict(self), memo))

    def mapping(self, gemm: Gemm) -> Mapping | str:
        """The mapping of a GEMM; 'os' for one that is not in the plan, such as of an epoch's last, smaller batch."""
        return self._mappings.get(key_of(gemm), "os")

    def parts(self, update: Update) -> list[Update]:
        """The parts of an update, one after another: itself, or first without copies and then a reduction for each."""
        return parts_of(update, self._generations.get(key_of(update), "update"))

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

    def check(self, work: Iterable[Work], config: SatConfig, memory: Memory | None = None) -> None:
        """Raise ValueError, naming what differs first, unless the plan is for this step, configuration and memory.

        Each choice must fit, take the cycles that it says, and be that of all entries for the same GEMM or update.
        memory  None: the configuration's
        """
        self.check_config(config)
        gemms, updates = _by_kind(work)
        wanted = [*map(key_of, gemms), *map(key_of, updates)]
        found = [*(choice.key for choice in self.gemms), *(choice.key for choice in self.updates)]
        for want, have in zip(wanted, found, strict=False):  # the first that differs says more than the lengths
            if want != have:
                raise ValueError(f"the plan is for another training step: it must have {want}, not {have}")
        if len(wanted) != len(found):
            raise ValueError(
                f"the plan is for another training step: it must have {len(wanted)} entries, not {len(found)}"
            )
        _check_choices(gemms, self.gemms, config, memory)
        _check_choices(updates, self.updates, config, memory)


def make_plan(
    work: Iterable[Work],
    config: SatConfig,
    dataflows: Sequence[str] = tuple(DATAFLOWS),
    generations: Sequence[str] = tuple(GENERATION),
    memory: Memory | None = None,
) -> Plan:
    """The plan of fewest cycles for a step's GEMMs and updates, among those dataflows and places of generation.

    memory  None: the configuration's
    Raises ValueError for a configuration that is not SAT's, an unknown dataflow, and an unknown place.
    """
    if type(config) is not SatConfig:
        raise ValueError(f"a plan must be for a {SatConfig.__name__}, not for a {type(config).__name__}")
    places, memory = [place_of(name) for name in generations], memory_of(config, memory)
    if not places:
        raise ValueError(f"the places of generation must be some of {', '.join(GENERATION)}, not none")
    gemms, updates = _by_kind(work)
    first: dict[tuple, Mapping] = {}
    choices = []
    for gemm in gemms:
        mapping, cycles = best_mapping(gemm, config, dataflows, memory)
        layer, stage, m, k, n, sparsity = key = key_of(gemm)
        if first.setdefault(key, mapping) != mapping:  # the layer's call with a feature map of another form
            mapping = first[key]
            cycles = simulate(schedule_gemm(gemm, config, mapping, memory)).cycles
        choices.append(
            GemmChoice(layer=layer, stage=stage, m=m, k=k, n=n, sparsity=sparsity, cycles=cycles, **asdict(mapping))
        )
    placed = [_generation(update, config, places, memory) for update in updates]
    return Plan(config=config, gemms=choices, updates=placed)


def load_plan(file: str | Path, work: Iterable[Work], config: SatConfig, memory: Memory | None = None) -> Plan:
    """The plan in a file. Raises ValueError for one that is damaged, or for another step, configuration or memory."""
    try:
        plan = Plan.model_validate_json(Path(file).read_bytes())
    except ValidationError as error:
        raise ValueError(f"{file}: {first_error(error, 'plan')}") from None
    try:
        plan.check(work, config, memory)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None
    return plan


def _check_choices(
    work: Sequence[OneWork], choices: Sequence[Choice[OneWork]], config: SatConfig, memory: Memory | None
) -> None:
    """Raise ValueError for a choice that does not fit, or has other cycles, or is another than of its equals before."""
    first: dict[tuple, Mapping | str] = {}
    known: dict[tuple, int] = {}
    for one, choice in zip(work, choices, strict=True):
        try:
            if choice.option != first.setdefault(choice.key, choice.option):
                raise ValueError(f"all entries of {choice.key} must have {first[choice.key]}, not {choice.option}")
            same = nameless(one), choice.option  # the layers of a network are alike
            if same not in known:
                known[same] = sum(simulate(program).cycles for program in choice.programs(one, config, memory))
            if choice.cycles != known[same]:
                raise ValueError(f"cycles must be {known[same]}, not {choice.cycles}")
        except ValueError as error:
            raise ValueError(f"{one.layer} {one.stage}: {error}".lstrip()) from None


def _generation(update: Update, config: SatConfig, places: Sequence[Place], memory: Memory) -> UpdateChoice:
    """The place of fewest cycles; of a reduction of gradients, which no update could make before, their use."""
    possible: Sequence[Place] = places if update.momentum else ("use",)
    cycles = {place: _update_cycles(nameless(update), config, place, memory) for place in possible}
    best = min(cycles, key=cycles.__getitem__)
    return UpdateChoice(
        layer=update.layer, stage=update.stage, k=update.k, n=update.n, generation=best, cycles=cycles[best]
    )


@lru_cache(maxsize=4096)  # the layers of a network are alike
def _update_cycles(update: Update, config: SatConfig, place: Place, memory: Memory) -> int:
    return sum(simulate(schedule_update(part, config, memory)).cycles for part in parts_of(update, place))


def _by_kind(work: Iterable[Work]) -> tuple[list[Gemm], list[Update]]:
    work = list(work)
    for one in work:
        if not isinstance(one, Gemm | Update):
            raise ValueError(f"work must be a Gemm or an Update, not {one!r}")
    return [one for one in work if isinstance(one, Gemm)], [one for one in work if isinstance(one, Update)]
