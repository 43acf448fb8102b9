"""Which plan a command runs by: one that is made for it, or one that is loaded."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from rtl.config import Config
from tlm.accelerators import TABLE, accelerator_of
from tlm.plan import Plan, load_plan, make_plan
from tlm.report import StepReport, step_report
from tlm.step import Costed, cost
from tlm.work import Work

SCHEDULED = "scheduled"

_OTHERS = {tuple(row.dataflows): row for row in reversed(TABLE.values())}  # the first of those that share them
Dataflow = Annotated[
    str,
    typer.Option(
        help="scheduled: for each GEMM the mapping of fewest cycles; or one dataflow for all, "
        + "; ".join(
            f"on {row.title} " + ", ".join(f"{name} ({meaning})" for name, meaning in row.dataflows.items())
            for row in reversed(_OTHERS.values())
        )
        + "."
    ),
]
PlanFile = Annotated[Path | None, typer.Option("--plan", help="Run by this plan, as sat plan wrote it.")]


def dataflows(config: Config) -> tuple[str, ...]:
    """The names of an accelerator's dataflows."""
    return tuple(accelerator_of(config).dataflows)


def check_dataflow(name: str, config: Config) -> None:
    """Raise ValueError for the name of no dataflow."""
    if name != SCHEDULED and name not in dataflows(config):
        raise ValueError(f"dataflow must be one of {', '.join((*dataflows(config), SCHEDULED))}, not {name!r}")


def plan_for(work: Sequence[Work], config: Config, dataflow: str = SCHEDULED, file: Path | None = None) -> Plan:
    """The plan in the file, or the best one with that dataflow.

    Raises ValueError for an unknown dataflow, one given with a file, and a plan of another step or configuration.
    """
    if file:
        if dataflow != SCHEDULED:
            raise ValueError(f"--dataflow {dataflow} cannot go with --plan, which has its own")
        return load_plan(file, work, config)
    check_dataflow(dataflow, config)
    return make_plan(work, config, dataflows(config) if dataflow == SCHEDULED else (dataflow,))


def against_dense(costed: Sequence[Costed], dense: Sequence[Work], config: Config, dataflow: str) -> StepReport:
    """The report of a step beside the same step with method dense, which is planned in the same way."""
    return step_report(costed, cost(dense, config, plan_for(dense, config, dataflow)))
