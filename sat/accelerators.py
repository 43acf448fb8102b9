"""The accelerators that a command can take: SAT, SIGMA, and a plain systolic array."""
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from rtl.config import BEAT, Config, SatConfig, load_config
from rtl.sigma.config import load_sigma
from sat import terminal
from sat.planning import SCHEDULED, check_dataflow, plan_for
from tlm import Gemm
from tlm.plan import Work
from tlm.report import Run, StepReport, cost, step_report
from tlm.sigma.step import cost_on_sigma
from tlm.systolic import systolic_cycles

WORDS = {"sat": "SAT: N:M sparse weights, weight updates in hardware",
         "sigma": "SIGMA: zeros of either operand, anywhere",
         "systolic": "SAT's array with sparsity off, as a TPU's"}

Accelerator = Annotated[str, typer.Option(help="; ".join(f"{name} ({what})" for name, what in WORDS.items()) + ".")]


@dataclass(frozen=True)
class Kind:
    """What commands must know of an accelerator.

    load     a configuration from a preset's name or a JSON file
    runs     what a step's work takes: (work, configuration, dataflow, plan file)
    updates  it updates weights, too; otherwise the host does, in no cycles
    """

    load: Callable[[str], Config]
    runs: Callable[[Sequence[Work], Config, str, Path | None], list[Run]]
    updates: bool

    @property
    def on_host(self) -> tuple[str, ...]:
        """What of a step is not in the cycles."""
        return terminal.ON_HOST if self.updates else (*terminal.ON_HOST, "weight updates, and N:M copies")


def dense(work: Sequence[Work]) -> list[Gemm]:
    """The GEMMs alone, with all their multiply-adds."""
    return [replace(one, sparsity=None) for one in work if isinstance(one, Gemm)]


def _on_sat(work: Sequence[Work], config: Config, dataflow: str, plan: Path | None) -> list[Run]:
    return cost(work, config, plan_for(work, config, dataflow, plan))


def _on_sigma(work: Sequence[Work], config: Config, dataflow: str, plan: Path | None) -> list[Run]:
    _no_plan(plan)
    check_dataflow(dataflow, config)
    return cost_on_sigma(work, config, None if dataflow == SCHEDULED else dataflow)


def _on_systolic(work: Sequence[Work], config: Config, dataflow: str, plan: Path | None) -> list[Run]:
    _no_plan(plan)
    return _on_sat(dense(work), config, dataflow, None)


def _no_plan(plan: Path | None) -> None:
    if plan:
        raise ValueError("--plan is SAT's, and cannot go with another --accelerator")


def load_systolic(name: str | SatConfig) -> SatConfig:
    """SAT's configuration of that name or file, with the shortest groups that its datapath can take: it needs none."""
    config = load_config(name)
    return config.model_copy(update=dict(largest_m=BEAT, update_lanes=min(BEAT, config.update_lanes)))


KINDS = {"sat": Kind(load_config, _on_sat, True), "sigma": Kind(load_sigma, _on_sigma, False),
         "systolic": Kind(load_systolic, _on_systolic, False)}


def kind(name: str) -> Kind:
    """The accelerator of a name. Raises ValueError for an unknown one."""
    if name not in KINDS:
        raise ValueError(f"accelerator must be one of {', '.join(KINDS)}, not {name!r}")
    return KINDS[name]


def title(name: str, config: Config) -> str:
    """What a configuration is called in a report."""
    return config.name if name == "sat" else f"{name} {config.name}"


def report(chosen: Kind, work: Sequence[Work], without: Sequence[Work], config: Config, dataflow: str,
           plan: Path | None) -> StepReport:
    """The report of a step's work beside the same step with method dense."""
    return step_report(chosen.runs(work, config, dataflow, plan), chosen.runs(without, config, dataflow, None))


def formula(work: Sequence[Work], rows: int, columns: int) -> list[int]:
    """Cycles of each GEMM by the formula for a TPU-like array (tlm/systolic.py), which counts no memory."""
    return [one.count * systolic_cycles(m=one.m, n=one.n, k=one.k, rows=rows, columns=columns).cycles
            for one in dense(work)]
