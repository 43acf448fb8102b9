"""A training step's programs on an accelerator, and their cost by the model."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from rtl.config import Config
from tlm.accelerators import accelerator_of
from tlm.gemm import Gemm
from tlm.memory import Memory
from tlm.timeline import Timeline, simulate
from tlm.transactions import Program
from tlm.update import Update
from tlm.work import Work, nameless


class StepPlan(Protocol):
    """How each piece of a step's work is to be carried out (tlm.plan.Plan)."""

    def check_config(self, config: Config) -> None:
        """Raise ValueError unless the plan is for this configuration."""
        ...

    def mapping(self, gemm: Gemm) -> object:
        """The mapping of a GEMM, or the name of a dataflow."""
        ...

    def parts(self, update: Update) -> list[Update]:
        """What is run for an update, one after another."""
        ...


class Cost(Protocol):
    """Cycles that a run took: a Timeline of the model, or the report of an engine."""

    @property
    def cycles(self) -> int: ...
    @property
    def busy(self) -> int: ...
    @property
    def waiting(self) -> int: ...


Costed = tuple[Program, Cost]


def programs(
    work: Iterable[Work],
    config: Config,
    plan: StepPlan | None = None,
    dataflow: str | None = None,
    memory: Memory | None = None,
) -> Iterator[Program]:
    """The programs of the part of a step's work that the accelerator is costed for, in the order of the work.

    plan      how each is carried out; None: every GEMM by the accelerator's default
    dataflow  without a plan: that of all GEMMs
    memory    None: the configuration's
    Raises ValueError for a plan of another configuration, and an unknown dataflow.
    """
    row = accelerator_of(config)
    if plan:
        plan.check_config(config)
    for one in row.work_of(work):
        if isinstance(one, Gemm):
            yield row.schedule(one, config, plan.mapping(one) if plan else dataflow, memory=memory)
        elif row.schedule_update:
            yield from (row.schedule_update(part, config, memory) for part in (plan.parts(one) if plan else [one]))


def cost(
    work: Iterable[Work],
    config: Config,
    plan: StepPlan | None = None,
    dataflow: str | None = None,
    memory: Memory | None = None,
) -> list[Costed]:
    """The programs of a step (`programs`, which also says what is raised), and the timeline of each."""
    known: dict[tuple, Timeline] = {}  # the layers of a network are alike
    costed: list[Costed] = []
    for program in programs(work, config, plan, dataflow, memory):
        same = type(program), nameless(program.work), program.mapping
        if same not in known:
            known[same] = simulate(program)
        costed.append((program, known[same]))
    return costed
