"""What every command does alike: tables, progress, data files, and one clear line for what went wrong."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.status import Status
from rich.table import Table
from rich.text import Text

from cosim.simulation import SimulationError
from cosim.tools import ToolFailed, ToolMissing
from rtl.config import Config
from tlm.report import DEFINITIONS, StepReport

WIDTH = 400  # no table is wider: a terminal wraps its lines instead of losing some
FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130  # exit codes

COLUMNS = {  # heading -> a row's values
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
ON_HOST = (
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
WORDS = (
    "layer",
    "stage",
    "m x k x n",
    "N:M",
    "flow",
    "dataflow",
    "tile",
    "order",
    "what",
    "choice",
    "module",
    "network",
    "method",
    "case",
    "densities",
    "sigma\nbound by",
    "fastest",
    "accelerator",
)


def console() -> Console:
    """Standard output. Text is shown as it is: what is to be bold is a rich Text."""
    return Console(width=WIDTH, highlight=False, markup=False, emoji=False)


def verdict(to: Console, word: str, rest: str) -> None:
    """Print a line that begins with a bold word."""
    to.print(Text.assemble((word, "bold"), rest))


def definitions(of: Mapping[str, str] = DEFINITIONS) -> str:
    """What each key of a report means, for --help."""
    return "\n\n".join(["Keys of the report:", *(f"[bold]{key}[/]: {text}" for key, text in of.items())])


def table(heading: str, columns: list[str]) -> Table:
    """An empty table; columns of words to the left, of numbers to the right."""
    title = Text(heading, "table.title", no_wrap=True, overflow="ignore")  # it may be wider than the table
    result = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in columns:
        result.add_column(column, justify="left" if column in WORDS else "right", no_wrap=True)
    return result


def print_report(to: Console, report: StepReport, heading: str, on_host: Sequence[str] = ON_HOST) -> None:
    """A row for each GEMM and update, the totals, the step against dense, and what of it the host does."""
    rows, totals = table(heading, list(COLUMNS)), report.totals
    for row in report.rows:
        rows.add_row(*(form.format(**row) for form in COLUMNS.values()))
    rows.add_section()
    in_total = dict.fromkeys(DEFINITIONS, "") | totals | {"layer": "total", "share": 1}
    rows.add_row(*("" if heading in WORDS[1:] else form.format(**in_total) for heading, form in COLUMNS.items()))
    to.print(rows)
    time = duration(totals["cycles"], report.config)
    to.print(
        f"{totals['cycles']:,} cycles ({time} at {report.config.clock_mhz:g} MHz); "
        f"dense {totals['dense_cycles']:,}: speed-up {totals['speedup']:.2f}x"
    )
    to.print(f"on the host, and not in these cycles: {', '.join(on_host)}")


def duration(cycles: float, config: Config) -> str:
    """How long cycles take, in a unit that suits."""
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


def progress() -> Progress:
    """A progress bar on standard error, where that is a terminal; it disappears when it is done. Lines that are printed
    meanwhile go above it where they would meet it, and else to standard output as ever."""
    to = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=to,
        transient=True,
        disable=not to.is_terminal,
        redirect_stdout=sys.stdout.isatty(),
    )


def working(what: str) -> Status:
    """Says on standard error, where that is a terminal, what takes its time."""
    return Console(stderr=True).status(Text(what))


def fail(message: str, code: int) -> NoReturn:
    """End with one line. Raises typer.Exit."""
    typer.echo(f"sat: {' '.join(message.split())}", err=True)
    raise typer.Exit(code)


@contextmanager
def reading_input() -> Iterator[None]:
    """Around everything that depends on the user's input and tools: what is wrong there ends with one line."""
    try:
        yield
    except (ValueError, OSError, ToolMissing, ToolFailed) as error:
        fail(str(error), BAD_INPUT)


@contextmanager
def simulating() -> Iterator[None]:
    """Around a run: a simulator or a device that fails ends it with one line."""
    try:
        yield
    except (SimulationError, ToolFailed) as error:
        fail(str(error), FAILED)


def writable(*files: Path | None) -> None:
    """Make the folders of files to be written, so that a run is not lost at its end. Raises ValueError."""
    for file in filter(None, files):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            new = not file.exists()
            file.open("a").close()
            if new:
                file.unlink()
        except OSError as error:
            raise ValueError(f"{file} cannot be written: {error.strerror}") from None


def write_json(file: Path | None, content: dict[str, Any]) -> None:
    """Write content, if there is a file to write to."""
    if file:
        file.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n")
