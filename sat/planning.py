"""Which plan a command runs by: one that is made for it, or one that is loaded."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from rtl.config import Config, SatConfig
from tlm.mapping import DATAFLOWS
from tlm.plan import Plan, Work, load_plan, make_plan
from tlm.report import Run, StepReport, cost, step_report
from tlm.sigma.mapping import STATIONARY

SCHEDULED = "scheduled"

Dataflow = Annotated[
    str,
    typer.Option(
        help="os (output-stationary), ws (weight-stationary), or scheduled: for each "
        "GEMM what takes the fewest cycles. On SIGMA mk or kn, the operand "
        "that stays."
    ),
]
PlanFile = Annotated[Path | None, typer.Option("--plan", help="Run by this plan, as sat plan wrote it.")]


def dataflows(config: Config) -> tuple[str, ...]:
    """The names of an accelerator's dataflows; SIGMA's are the operand that stays."""
    return tuple(DATAFLOWS if config.accelerator == "sat" else STATIONARY)


def check_dataflow(name: str, config: Config) -> None:
    """Raise ValueError for the name of no dataflow."""
    if name != SCHEDULED and name not in dataflows(config):
        raise ValueError(f"dataflow must be one of {', '.join((*dataflows(config), SCHEDULED))}, not {name!r}")


def plan_for(work: Sequence[Work], config: SatConfig, dataflow: str = SCHEDULED, file: Path | None = None) -> Plan:
    """The plan in the file, or the best one with that dataflow.

    Raises ValueError for an unknown dataflow, one given with a file, and a plan of another step or configuration.
    """
    if file:
        if dataflow != SCHEDULED:
            raise ValueError(f"--dataflow {dataflow} cannot go with --plan, which has its own")
        return load_plan(file, work, config)
    check_dataflow(dataflow, config)
    return make_plan(work, config, tuple(DATAFLOWS) if dataflow == SCHEDULED else (dataflow,))


def against_dense(runs: Sequence[Run], dense: Sequence[Work], config: SatConfig, dataflow: str) -> StepReport:
    """The report of a step's runs beside the same step with method dense, which is planned in the same way."""
    return step_report(runs, cost(dense, config, plan_for(dense, config, dataflow)))
