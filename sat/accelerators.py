"""The accelerators that a command can take: SAT, SIGMA, and a plain systolic array."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from rtl.config import Config, SatConfig, load_config
from rtl.sigma.config import SigmaConfig, load_sigma
from sat import terminal
from sat.planning import SCHEDULED, check_dataflow, plan_for
from tlm import Gemm
from tlm.compare import plain
from tlm.plan import Work
from tlm.report import Run, StepReport, cost, step_report
from tlm.sigma.published import sigma_cycles
from tlm.sigma.step import cost_on_sigma
from tlm.systolic import systolic_cycles

WORDS = {
    "sat": "SAT: N:M sparse weights, weight updates in hardware",
    "sigma": "SIGMA: zeros of either operand, anywhere",
    "systolic": "SAT's array with sparsity off, as a TPU's",
}

Accelerator = Annotated[str, typer.Option(help="; ".join(f"{name} ({what})" for name, what in WORDS.items()) + ".")]


@dataclass(frozen=True)
class Kind:
    """What commands must know of an accelerator.

    load     a configuration from a preset's name or a JSON file
    runs     what a step's work takes: (work, configuration, dataflow, plan file)
    updates  it updates weights, too; otherwise the host does, in no cycles
    formula  cycles of each run by others' formulas, and what they are called; None: there are none
    """

    load: Callable[[str], Config]
    runs: Callable[[Sequence[Work], Config, str, Path | None], list[Run]]
    updates: bool
    formula: tuple[Callable[[Sequence[Run], Config], list[int]], str] | None = None

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
    """SAT's configuration of that name or file, without what sparsity needs."""
    return plain(load_config(name))


def published(runs: Sequence[Run], config: SigmaConfig) -> list[int]:
    """Cycles of each by the latency model of SIGMA's paper (tlm/sigma/published.py), for the operand that stays."""
    found = []
    for program, _ in runs:
        rows, k, columns = program.shape
        cycles = sigma_cycles(
            m=rows, n=columns, k=k, density=program.occupancy.shares[0], words=config.lanes, elements=config.elements
        )
        found.append(program.gemm.count * cycles.total)
    return found


def tpu(runs: Sequence[Run], config: SatConfig) -> list[int]:
    """Cycles of each by the formula for a TPU-like array (tlm/systolic.py)."""
    gemms = [program.gemm for program, _ in runs]
    return [
        gemm.count * systolic_cycles(m=gemm.m, n=gemm.n, k=gemm.k, rows=config.rows, columns=config.columns).cycles
        for gemm in gemms
    ]


KINDS = {
    "sat": Kind(load_config, _on_sat, True),
    "sigma": Kind(
        load_sigma,
        _on_sigma,
        False,
        (published, "the latency model of SIGMA's paper, which counts no memory, no results and no settings"),
    ),
    "systolic": Kind(load_systolic, _on_systolic, False, (tpu, "the formula for a TPU's array, without memory")),
}


def kind(name: str) -> Kind:
    """The accelerator of a name. Raises ValueError for an unknown one."""
    if name not in KINDS:
        raise ValueError(f"accelerator must be one of {', '.join(KINDS)}, not {name!r}")
    return KINDS[name]


def title(name: str, config: Config) -> str:
    """What a configuration is called in a report."""
    return config.name if name == "sat" else f"{name} {config.name}"


def report(
    chosen: Kind, work: Sequence[Work], without: Sequence[Work], config: Config, dataflow: str, plan: Path | None
) -> tuple[StepReport, list[int]]:
    """The report of a step's work beside the same step with method dense; and its rows' cycles by others' formulas."""
    runs = chosen.runs(work, config, dataflow, plan)
    found = chosen.formula[0](runs, config) if chosen.formula else []
    return step_report(runs, chosen.runs(without, config, dataflow, None)), found
