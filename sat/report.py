"""The report of a training step (tlm.report), printed and as data."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from rtl.config import Config
from sat.columns import counted, named, shared, show, sized, worded
from tlm.report import DEFINITIONS, StepReport

COLUMNS = [
    make(key, DEFINITIONS[key], priority)
    for key, make, priority in (
        ("layer", named, 0),
        ("stage", worded, 0),
        ("m", counted, 5),
        ("k", counted, 5),
        ("n", counted, 5),
        ("count", counted, 11),
        ("sparsity", worded, 3),
        ("dataflow", worded, 6),
        ("tile", sized, 12),
        ("macs", counted, 8),
        ("macs_skipped", counted, 9),
        ("cycles", counted, 0),
        ("share", shared, 1),
        ("utilisation", shared, 2),
        ("filled", shared, 7),
        ("busy", counted, 10),
        ("memory_wait", counted, 4),
        ("bytes", counted, 10),
        ("bytes_values", counted, 11),
        ("bytes_indices", counted, 11),
        ("bytes_results", counted, 11),
    )
]
STEP = {column.key: column for column in COLUMNS}  # for reports of the same rows
ON_HOST = (  # parts of a step that run on the host for every accelerator
    "normalisation",
    "activation functions",
    "pooling",
    "loss",
    "biases and their gradients",
    "rounding to FP16",
    "scatter-add of a strided bp",
    "check for overflow",
    "srste's decay, and zeros in its bp",
    "rescaling of pruned gradients",
)


def print_report(
    to: Console, report: StepReport, heading: str, on_host: Sequence[str] = ON_HOST, asked: Sequence[str] = ()
) -> None:
    """A row for each GEMM and update, the totals, the step against dense, and the host's parts of it.

    asked  keys of the columns; () for as many as fit the terminal
    """
    totals = report.totals
    show(to, heading, COLUMNS, report.rows, [totals | dict(layer="total", share=1)], asked)
    time = duration(totals["cycles"], report.config)
    to.print(
        f"{totals['cycles']:,} cycles ({time} at {report.config.clock_mhz:g} MHz); "
        f"dense {totals['dense_cycles']:,}: speed-up {totals['speedup']:.2f}x"
    )
    to.print(f"on the host, and not in these cycles: {', '.join(on_host)}")


def duration(cycles: float, config: Config) -> str:
    """The time that cycles take at the configuration's clock, in a unit that suits."""
    microseconds = cycles / config.clock_mhz
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if microseconds >= size:
            return f"{microseconds / size:,.{0 if microseconds >= 1000 * size else 2}f} {unit}"
    return f"{microseconds:.2f} µs"


def report_data(report: StepReport, seed: int, on_host: Sequence[str] = ON_HOST) -> dict[str, Any]:
    """A report as data: config, seed, rows, totals, on_host."""
    return dict(
        config=report.config.model_dump(), seed=seed, rows=report.rows, totals=report.totals, on_host=list(on_host)
    )
