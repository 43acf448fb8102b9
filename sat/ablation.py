"""`sat cycles --ablate`: what each idea of the architecture is worth, in cycles of a training step."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from rtl.sat_config import SatConfig
from rtl.sparsity import Sparsity
from sat import terminal
from tlm.dataflow import DATAFLOWS
from tlm.plan import make_plan
from tlm.work import Work

PATTERNS = ("dense", "2:4", "1:4", "2:8", "1:8", "2:16", "1:16")


@dataclass(frozen=True)
class Variant:
    """A step's cycles with one choice made otherwise. `worth` is its cycles in those of the step as it is."""

    what: str
    choice: str
    cycles: int
    worth: float


def ablation(step: Callable[[str], list[Work]], pattern: str, config: SatConfig) -> list[Variant]:
    """Cycles of a training step as it is, and with one choice after the other made otherwise.

    step     the step's GEMMs and updates for a pattern: 'dense', or 'N:M' with the method bdwp
    pattern  the step's own
    """
    work = step(pattern)
    alone = config.model_copy(update=dict(interleave=1))
    cycles: dict[tuple[str, str], int] = {
        ("as it is", f"{pattern}, scheduled"): (base := make_plan(work, config).cycles),
        ("interleaving", "off"): make_plan(work, alone).cycles,
        ("pre-generation", "off"): make_plan(work, config, generations=("use",)).cycles,
    }
    cycles |= {("dataflow", name): make_plan(work, config, (name,)).cycles for name in DATAFLOWS}
    cycles |= {
        ("N:M", name): make_plan(step(name), config).cycles
        for name in PATTERNS
        if name == "dense" or Sparsity.parse(name).m <= config.largest_m
    }
    return [Variant(what, choice, taken, taken / base) for (what, choice), taken in cycles.items()]


def show(to: Console, variants: list[Variant], heading: str) -> None:
    """Print the table."""
    rows = terminal.table(heading, ["what", "choice", "cycles", "x as it is"])
    for variant in variants:
        rows.add_row(variant.what, variant.choice, f"{variant.cycles:,}", f"{variant.worth:.3f}")
    to.print(rows)


def as_data(variants: list[Variant]) -> list[dict[str, Any]]:
    """The same as data."""
    return [vars(variant) for variant in variants]
