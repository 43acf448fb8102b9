"""`sat cycles ablate`: the worth of each idea of an architecture, in cycles of a training step."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console

from rtl.config import Config
from rtl.sparsity import Sparsity
from sat.columns import Column, counted, show, worded
from sat.planning import planner_of
from tlm.accelerators import accelerator_of
from tlm.work import Work

PATTERNS = ("dense", "2:4", "1:4", "2:8", "1:8", "2:16", "1:16")
COLUMNS = [
    worded("what", "the idea or choice that is looked at"),
    worded("choice", "how it is made otherwise"),
    counted("cycles", "clock cycles of the step with it"),
    Column("worth", "those cycles / cycles of the step as it is", form="{:.3f}".format),
]


@dataclass(frozen=True)
class Variant:
    """Clock cycles of a training step with one choice made otherwise.

    what   the idea or choice that is looked at
    worth  cycles / cycles of the step as it is
    """

    what: str
    choice: str
    cycles: int
    worth: float


def ablation(work: Sequence[Work], step: Callable[[str], list[Work]], pattern: str, config: Config) -> list[Variant]:
    """Cycles of a training step as it is, and with one choice after the other made otherwise.

    work     the step's GEMMs and updates
    step     makes them for another pattern: 'dense', or 'N:M' with the method bdwp
    pattern  the step's own, in words
    Raises ValueError for a configuration of an accelerator whose steps are not planned.
    """
    planner = planner_of(config)
    base = planner.make(work, config, ()).cycles
    cycles = {("as it is", f"{pattern}, scheduled"): base}
    cycles |= {(idea, "off"): plan(work, config).cycles for idea, plan in planner.without.items()}
    cycles |= {
        ("dataflow", name): planner.make(work, config, (name,)).cycles for name in accelerator_of(config).dataflows
    }
    cycles |= {
        ("N:M", name): planner.make(step(name), config, ()).cycles
        for name in PATTERNS
        if (other := Sparsity.parse(name)) is None or planner.takes(other, config)
    }
    return [Variant(what, choice, taken, taken / base) for (what, choice), taken in cycles.items()]


def print_ablation(to: Console, variants: list[Variant], heading: str, asked: Sequence[str] = ()) -> None:
    """Print a row for each variant, with the keys that are asked for; () for as many as fit the terminal."""
    show(to, heading, COLUMNS, as_data(variants), asked=asked)


def as_data(variants: list[Variant]) -> list[dict[str, Any]]:
    """The variants as data."""
    return [asdict(variant) for variant in variants]
