"""One accelerator as the model knows it: its configurations, and how it schedules, costs and updates."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from rtl.config import Config, load_config
from rtl.sparsity import Sparsity
from tlm.gemm import Gemm
from tlm.memory import Memory
from tlm.transactions import Program
from tlm.update import Update
from tlm.work import Work


class Schedule(Protocol):
    """Makes the program of a GEMM on a configuration of the accelerator.

    mapping  its own kind of mapping, or a dataflow's name; None: its default
    zeros    of the operands, for an accelerator whose programs depend on them; None: as the GEMM's densities say
    memory   None: the configuration's
    Raises ValueError for a mapping or zeros that do not fit GEMM and configuration.
    """

    def __call__(
        self, gemm: Gemm, config: Any, mapping: Any = None, *, zeros: Any = None, memory: Memory | None = None
    ) -> Program: ...


class Best(Protocol):
    """Makes the program of fewest cycles of a GEMM, and says its cycles.

    dataflows  names of those to choose from; empty: all
    densities  shares of values other than zero of a and b; None: Gemm.densities
    by_chance  zeros fall by chance, and not in a pattern: cycles are then some above the mean
    """

    def __call__(
        self,
        gemm: Gemm,
        config: Any,
        dataflows: Sequence[str] = (),
        *,
        densities: tuple[float, float] | None = None,
        by_chance: bool = False,
        memory: Memory | None = None,
    ) -> tuple[Program, int]: ...


@runtime_checkable
class StepPlan(Protocol):
    """The choices by which the work of a step is carried out."""

    def check_config(self, config: Config) -> None:
        """Raise ValueError unless the plan is for this configuration."""
        ...

    def mapping(self, gemm: Gemm) -> object:
        """The mapping of a GEMM, or the name of a dataflow."""
        ...

    def parts(self, update: Update) -> list[Update]:
        """The parts of an update, which run one after another."""
        ...


def check_plan(plan: StepPlan, config: Config) -> None:
    """Raise ValueError unless it is a plan, and for this configuration."""
    if isinstance(plan, type) or not isinstance(plan, StepPlan):
        raise ValueError(f"a plan must be one such as tlm.make_plan makes, not {plan!r}")
    plan.check_config(config)


class OfflinePlan(StepPlan, Protocol):
    """A plan that was made before the step runs, and can be kept in a file."""

    @property
    def cycles(self) -> int:
        """Clock cycles of the whole step, by the model."""
        ...

    def save(self, file: Path) -> None:
        """Write it to the file."""
        ...

    def model_dump(self) -> dict[str, Any]:
        """The plan as data: configuration, choices for GEMMs, choices for updates."""
        ...


@dataclass(frozen=True)
class Planner:
    """The planning of steps before they run.

    make     the plan of fewest cycles with these dataflows, () for all: (work, configuration, dataflows)
    load     the plan in a file; ValueError for one of another step or configuration: (file, work, configuration)
    without  an idea of the architecture -> the plan of fewest cycles where it is left out: (work, configuration)
    takes    the datapath takes an N:M pattern: (pattern, configuration)
    """

    make: Callable[[Sequence[Work], Any, Sequence[str]], OfflinePlan]
    load: Callable[[Path, Sequence[Work], Any], OfflinePlan]
    without: Mapping[str, Callable[[Sequence[Work], Any], OfflinePlan]]
    takes: Callable[[Sparsity, Any], bool]


def extended(definitions: Mapping[str, str], title: str, additions: Mapping[str, str]) -> dict[str, str]:
    """Definitions of keys with an accelerator's additions. Raises ValueError for an addition to no key."""
    for key in additions:
        if key not in definitions:
            raise ValueError(f"{title} can add to the definition of {', '.join(definitions)}, not of {key!r}")
    return {key: f"{text}; {title} {additions[key]}" if key in additions else text for key, text in definitions.items()}


def array_of(config: Config) -> str:
    """The processing elements of a configuration, in words."""
    return f"{' x '.join(map(str, config.size))} elements"


@dataclass(frozen=True)
class Formula:
    """Cycles of a GEMM's program by somebody else's formula, beside the model's.

    text      the name of the formula in a report
    compared  comparisons of accelerators show it, too
    """

    cycles: Callable[[Any], int]
    text: str
    compared: bool = False


@dataclass(frozen=True, eq=False)
class Accelerator:
    """A row of the table in tlm/accelerators.py, equal to itself alone.

    name, title      short name in options and data; name in prose
    summary          a few words for a command's help
    config_type, presets  its configurations, and those with a name
    derive           makes a configuration of one of another accelerator, which is the one that its files describe, of
                     type `derived_from`; None: they describe its own
    dataflows        names of its dataflows -> their meaning
    schedule, best   make programs of a GEMM
    schedule_update  makes the program of a weight update; None: it has no unit for them, and the host updates
    counts_updates   a step's cycles have its updates in them; otherwise they are the host's
    skips_zeros      its GEMMs skip pruned weights; otherwise a step is costed with all its multiply-adds
    planner          plans steps; None: there are no plans for it
    array            the processing elements of a configuration, in words
    formula          None: there is no other formula
    comparable       configurations by the names of a comparison (tlm.compare); None: the presets. Those of a name that
                     differ in tlm.compare.EQUAL from the first row's are left out
    challenger       comparisons say how many times as fast it is as each of the others
    definitions      additions to the definitions of a report's keys
    compared         additions to the definitions of the keys of a comparison
    """

    name: str
    title: str
    summary: str
    config_type: type[Config]
    presets: Mapping[str, Config]
    dataflows: Mapping[str, str]
    schedule: Schedule
    best: Best
    schedule_update: Callable[[Update, Any, Memory | None], Program] | None = None
    derived_from: type[Config] | None = None
    derive: Callable[[Any], Config] | None = None
    counts_updates: bool = True
    skips_zeros: bool = True
    planner: Planner | None = None
    array: Callable[[Any], str] = array_of
    formula: Formula | None = None
    comparable: Mapping[str, Config] | None = None
    challenger: bool = False
    definitions: Mapping[str, str] = field(default_factory=dict)
    compared: Mapping[str, str] = field(default_factory=dict)

    @property
    def plans(self) -> bool:
        """Its steps can be planned, and run by a plan."""
        return self.planner is not None

    def program_of(self, update: Update, config: Config, memory: Memory | None = None) -> Program:
        """The program of a weight update. Raises ValueError where the accelerator makes none, or not this one."""
        if self.schedule_update is None:
            raise ValueError(f"{self.title} updates no weights and makes no copies of them: the host does")
        return self.schedule_update(update, config, memory)

    def load(self, name: str | Config) -> Config:
        """A preset by its name, or a JSON file by its path; one of its configurations is passed on.

        Raises ValueError in one line that names rule and value, for an unknown name or key, too.
        """
        if self.derive is None or self.derived_from is None or isinstance(name, Config) or name in self.presets:
            return load_config(name, self.config_type, self.presets)
        return self.derive(load_config(name, self.derived_from, self.presets))

    def work_of(self, step: Iterable[Work]) -> list[Work]:
        """The work of a training step as this accelerator is costed for it."""
        return [
            self.gemm_of(one) if isinstance(one, Gemm) else one
            for one in step
            if self.counts_updates or not isinstance(one, Update)
        ]

    def gemm_of(self, gemm: Gemm) -> Gemm:
        """A GEMM as this accelerator is costed for it: dense, where it multiplies pruned weights as all others."""
        return gemm if self.skips_zeros else replace(gemm, sparsity=None)
