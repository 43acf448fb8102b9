"""A training step's programs on an accelerator, and their cost by the model."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from rtl.config import Config
from tlm.accelerator import StepPlan, check_plan
from tlm.accelerators import accelerator_of
from tlm.gemm import Gemm
from tlm.memory import Memory
from tlm.timeline import Timeline, simulate
from tlm.transactions import Program
from tlm.update import Update
from tlm.work import Work, nameless


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
    dataflows: Sequence[str] | None = None,
    memory: Memory | None = None,
) -> Iterator[Program]:
    """The programs of a step's work, in its order; updates are left out where the host makes them.

    plan       how each is carried out
    dataflows  without a plan: each GEMM runs by the best mapping of these, () of all; None: by the default mapping
    memory     None: the configuration's
    Raises ValueError for a plan of another configuration or beside dataflows, and an unknown dataflow.
    """
    row = accelerator_of(config)
    if plan is not None:
        check_plan(plan, config)
        if dataflows is not None:
            raise ValueError(f"dataflows ({', '.join(dataflows)}) cannot go with a plan, which has its own")

    def gemm_program(gemm: Gemm) -> Program:
        if plan is None and dataflows is not None:
            return row.best(gemm, config, dataflows, memory=memory)[0]
        return row.schedule(gemm, config, plan.mapping(gemm) if plan else None, memory=memory)

    def programs_of(one: Work) -> Iterator[Program]:
        if isinstance(one, Gemm):
            yield gemm_program(one)
        elif not isinstance(one, Update):
            raise ValueError(f"work must be a Gemm or an Update, not {one!r}")
        elif row.schedule_update:
            yield from (row.schedule_update(part, config, memory) for part in (plan.parts(one) if plan else [one]))

    return (program for one in work for program in programs_of(one))


def cost(
    work: Iterable[Work],
    config: Config,
    plan: StepPlan | None = None,
    dataflows: Sequence[str] | None = None,
    memory: Memory | None = None,
) -> list[Costed]:
    """The programs of the work that the accelerator is costed for, and the timeline of each; raises as `programs`."""
    known: dict[tuple, Timeline] = {}  # the layers of a network are alike
    costed: list[Costed] = []
    for program in programs(accelerator_of(config).work_of(work), config, plan, dataflows, memory):
        same = type(program), nameless(program.work), program.mapping
        if same not in known:
            known[same] = simulate(program)
        costed.append((program, known[same]))
    return costed
