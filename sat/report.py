"""The report of a training step (tlm.report), printed and as data."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from rtl.config import Config
from sat.terminal import TEXT_COLUMNS, table
from tlm.report import DEFINITIONS, StepReport

COLUMNS = {  # heading -> format of a row's values
    "layer": "{layer}",
    "stage": "{stage}",
    "m x k x n": "{m} x {k} x {n}",
    "N:M": "{sparsity}",
    "flow": "{dataflow}",
    "macs": "{macs:,}",
    "skipped": "{macs_skipped:,}",
    "cycles": "{cycles:,}",
    "share": "{share:.1%}",
    "filled": "{filled:.1%}",
    "utilised": "{utilisation:.1%}",
    "waiting": "{memory_wait:,}",
    "values B": "{bytes_values:,}",
    "indices B": "{bytes_indices:,}",
    "results B": "{bytes_results:,}",
}
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


def print_report(to: Console, report: StepReport, heading: str, on_host: Sequence[str] = ON_HOST) -> None:
    """A row for each GEMM and update, the totals, the step against dense, and the host's parts of it."""
    rows, totals = table(heading, list(COLUMNS)), report.totals
    for row in report.rows:
        rows.add_row(*(form.format(**row) for form in COLUMNS.values()))
    rows.add_section()
    in_total = dict.fromkeys(DEFINITIONS, "") | totals | {"layer": "total", "share": 1}
    empty = TEXT_COLUMNS - {"layer"}
    rows.add_row(*("" if column in empty else form.format(**in_total) for column, form in COLUMNS.items()))
    to.print(rows)
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
