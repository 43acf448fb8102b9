"""A training step that is costed: what it is of, its report, and its data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from rich.console import Console

from rtl.config import Config
from sat import accelerators, options
from sat.planning import SCHEDULED
from sat.report import print_report, report_data
from sat.workload import Workload
from tlm.accelerator import Accelerator
from tlm.report import StepReport
from tlm.work import Work
from tlm.workload.methods import Scheme
from tlm.workload.step import AS_SCHEME, whole_step


@dataclass(frozen=True)
class Step:
    """A training step of a network by a scheme on an accelerator.

    formula  cycles of each row by the accelerator's other formula; empty where it has none
    """

    network: Workload
    scheme: Scheme
    row: Accelerator
    report: StepReport
    formula: list[int]

    @classmethod
    def of(
        cls,
        network: Workload,
        scheme: Scheme,
        row: Accelerator,
        config: Config,
        dataflow: str = SCHEDULED,
        plan: Path | None = None,
    ) -> Self:
        """The step as scheduled, or as a dataflow or a plan's file says. Raises ValueError for what does not fit."""
        work, dense = whole_step(network.calls, scheme), whole_step(network.calls, Scheme())
        return cls(network, scheme, row, *accelerators.report(row, work, dense, config, dataflow, plan))

    @property
    def heading(self) -> str:
        """Its heading above a table."""
        method = options.title(self.scheme)
        if self.scheme.sparsity and not self.row.skips_zeros:
            method += ", its GEMMs dense"
        on = accelerators.title(self.row, self.report.config)
        return f"{self.network.title(method)}, on {on}"

    @property
    def on_host(self) -> tuple[str, ...]:
        """The parts of it that run on the host, and are in no cycles."""
        return accelerators.on_host(self.row)

    @property
    def work(self) -> list[Work]:
        """Its GEMMs and updates."""
        return whole_step(self.network.calls, self.scheme)

    def patterns(self) -> Callable[[str], list[Work]]:
        """Makes the step with another pattern for all but dense layers; where the method has none, by BDWP."""

        def step(pattern: str) -> list[Work]:
            calls = [call if call.pattern is None else replace(call, pattern=AS_SCHEME) for call in self.network.calls]
            if pattern == "dense":
                return whole_step(calls, Scheme())
            other = options.scheme("bdwp" if self.scheme.method == "dense" else self.scheme.method, pattern)
            return whole_step(calls, replace(other, dense=self.scheme.dense))

        return step

    def as_data(self, seed: int) -> dict[str, Any]:
        """The step for --json."""
        return dict(
            model=self.network.name,
            **options.scheme_data(self.scheme),
            batch=self.network.batch,
            accelerator=self.row.name,
            **(dict(stage=self.network.stage) if self.network.stage else {}),
            **(dict(remarks=list(self.network.remarks)) if self.network.remarks else {}),
            **report_data(self.report, seed, self.network.trace, self.on_host),
            **(dict(formula_cycles=self.formula) if self.formula else {}),
        )

    def print(self, to: Console, asked: Sequence[str]) -> None:
        """Print the report, and what is to be said of the network."""
        print_report(to, self.report, self.heading, self.network.trace, self.on_host, asked)
        self.print_remarks(to)

    def print_remarks(self, to: Console) -> None:
        """Print what is to be said of the network, and the cycles by the other formula."""
        for remark in self.network.remarks:
            to.print(remark, markup=False)
        self.print_formula(to)

    def print_formula(self, to: Console) -> None:
        """Print the cycles by the other formula, where there is one."""
        if self.row.formula:
            to.print(f"by {self.row.formula.text}: {sum(self.formula):,} cycles")
