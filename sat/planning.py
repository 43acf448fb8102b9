"""Options for dataflow and plan, and the plan by which a command runs: made for it, or loaded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import typer

from rtl.config import Config
from tlm.accelerator import Accelerator, OfflinePlan, Planner, StepPlan
from tlm.accelerators import DEFAULT, TABLE, accelerator_of
from tlm.gemm import Gemm
from tlm.report import StepReport, step_report
from tlm.step import Costed, cost
from tlm.update import Update
from tlm.work import Work

SCHEDULED = "scheduled"


def dataflow_vocabularies(rows: Iterable[Accelerator]) -> list[Accelerator]:
    """One of these for each set of dataflows: the first of those that share it."""
    found: dict[tuple[str, ...], Accelerator] = {}
    for row in rows:
        found.setdefault(tuple(row.dataflows), row)
    return list(found.values())


def dataflow_names() -> str:
    """The names of the dataflows: the default accelerator's, then others'."""
    rows = dataflow_vocabularies(TABLE.values())
    names = [f"on {row.title} {', '.join(row.dataflows)} or {SCHEDULED}" for row in rows]
    return ", ".join(names).removeprefix(f"on {rows[0].title} ")


def dataflow_option(rows: Iterable[Accelerator]) -> Any:
    """The option for a dataflow of a command that runs on these accelerators."""
    meanings = "; ".join(
        f"on {row.title} " + ", ".join(f"{name} ({meaning})" for name, meaning in row.dataflows.items())
        for row in dataflow_vocabularies(rows)
    )
    return typer.Option(
        "--dataflow",
        help=f"scheduled: each GEMM by its mapping of fewest cycles; or one dataflow for all, {meanings}.",
    )


Dataflow = Annotated[str, dataflow_option(TABLE.values())]
DataflowOfDefault = Annotated[str, dataflow_option([TABLE[DEFAULT]])]
PlanFile = Annotated[Path | None, typer.Option("--plan", help="Run by this plan, as sat plan wrote it.")]


@dataclass(frozen=True)
class BestMappings:
    """A plan that is made while the step runs: each GEMM by its mapping of fewest cycles.

    dataflows  names of those to choose from; empty: all
    """

    config: Config
    dataflows: tuple[str, ...] = ()

    def check_config(self, config: Config) -> None:
        """Raise ValueError unless the plan is for this configuration."""
        if config != self.config:
            raise ValueError(f"the mappings are for {self.config!r}, not {config!r}")

    def mapping(self, gemm: Gemm) -> object:
        """The mapping of a GEMM."""
        return _best_mapping(gemm, self.config, self.dataflows)

    def parts(self, update: Update) -> list[Update]:
        """The update itself, with its N:M copies."""
        return [update]


@lru_cache(maxsize=1024)  # a step is run again and again
def _best_mapping(gemm: Gemm, config: Config, dataflows: tuple[str, ...]) -> object:
    return accelerator_of(config).best(gemm, config, dataflows)[0].mapping


def check_dataflow(name: str, config: Config) -> None:
    """Raise ValueError for the name of no dataflow."""
    names = (*accelerator_of(config).dataflows, SCHEDULED)
    if name not in names:
        raise ValueError(f"dataflow must be one of {', '.join(names)}, not {name!r}")


def planner_of(config: Config) -> Planner:
    """The functions that plan steps on the accelerator. Raises ValueError where there are none."""
    row = accelerator_of(config)
    if row.planner is None:
        raise ValueError(f"steps on {row.title} are not planned")
    return row.planner


def plan_for(work: Sequence[Work], config: Config, dataflow: str = SCHEDULED, file: Path | None = None) -> OfflinePlan:
    """The plan in the file, or the best one with that dataflow, for an accelerator whose steps are planned.

    Raises ValueError for an accelerator that takes no plans, an unknown dataflow, one given with a file, and a plan of
    another step or configuration.
    """
    planner = planner_of(config)
    if file:
        if dataflow != SCHEDULED:
            raise ValueError(f"--dataflow {dataflow} cannot go with --plan, which has its own")
        return planner.load(file, work, config)
    return planner.make(work, config, dataflows_of(dataflow, config))


def step_plan_for(
    work: Sequence[Work], config: Config, dataflow: str = SCHEDULED, file: Path | None = None
) -> StepPlan:
    """The same, on any accelerator: where steps are not planned, each GEMM runs by its best mapping."""
    if file or accelerator_of(config).plans:
        return plan_for(work, config, dataflow, file)
    return BestMappings(config, dataflows_of(dataflow, config))


def dataflows_of(dataflow: str, config: Config) -> tuple[str, ...]:
    """The dataflows to choose from; () for all. Raises ValueError for the name of no dataflow."""
    check_dataflow(dataflow, config)
    return () if dataflow == SCHEDULED else (dataflow,)


def against_dense(costed: Sequence[Costed], dense: Sequence[Work], config: Config, dataflow: str) -> StepReport:
    """The report of a step beside the same step with method dense, which is planned in the same way."""
    return step_report(costed, cost(dense, config, plan_for(dense, config, dataflow)))
