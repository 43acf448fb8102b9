"""The option that chooses an accelerator, and the report of a step on one of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from rtl.config import Config
from sat.planning import dataflows_of, plan_for
from sat.report import ON_HOST
from tlm.accelerator import Accelerator
from tlm.accelerators import DEFAULT, TABLE
from tlm.report import StepReport, step_report
from tlm.step import Costed, cost
from tlm.work import Work

Name = Annotated[
    str,
    typer.Option(
        "--accelerator", help="; ".join(f"{name} ({row.title}: {row.summary})" for name, row in TABLE.items()) + "."
    ),
]


def on_host(row: Accelerator) -> tuple[str, ...]:
    """The parts of a step that run on the host, and are in no cycles."""
    return ON_HOST if row.counts_updates else (*ON_HOST, "weight updates, and N:M copies")


def title(row: Accelerator, config: Config) -> str:
    """The name of a configuration in a report."""
    return config.name if row.name == DEFAULT else f"{row.name} {config.name}"


def planners() -> str:
    """The titles of the accelerators whose steps are planned."""
    return " and ".join(row.title for row in TABLE.values() if row.plans)


def costed(row: Accelerator, work: Sequence[Work], config: Config, dataflow: str, plan: Path | None) -> list[Costed]:
    """The programs of a step's work as planned, or as a plan's file says, and their cost.

    Raises ValueError for an unknown dataflow, and a plan for an accelerator that takes none, or that does not fit.
    """
    if row.plans:
        return cost(work, config, plan_for(work, config, dataflow, plan))
    if plan:
        raise ValueError(f"--plan is {planners()}'s, and cannot go with another --accelerator")
    return cost(work, config, dataflows=dataflows_of(dataflow, config))


def report(
    row: Accelerator, work: Sequence[Work], dense: Sequence[Work], config: Config, dataflow: str, plan: Path | None
) -> tuple[StepReport, list[int]]:
    """The report of a step's work beside the same step with method dense; and its rows' cycles by another formula."""
    found = costed(row, work, config, dataflow, plan)
    by_formula = [row.formula.cycles(program) for program, _ in found] if row.formula else []
    return step_report(found, costed(row, dense, config, dataflow, None)), by_formula
