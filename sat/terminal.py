"""The terminal and data files of every command: tables, progress, and one clear line for an error."""

import json
import sys
from collections.abc import Collection, Iterator, Mapping
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

from cosim.harness.simulation import SimulationError
from cosim.tools import ToolFailed, ToolMissing

WIDTH = 400  # no table is wider: a terminal wraps its lines instead of losing some
FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130  # exit codes

# Headings of columns that hold text, in any table; all others hold numbers.
TEXT_COLUMNS = frozenset(
    {
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
        "fastest",
        "accelerator",
    }
)


def console() -> Console:
    """Standard output. Text is shown as it is: bold text is a rich Text."""
    return Console(width=WIDTH, highlight=False, markup=False, emoji=False)


def verdict(to: Console, word: str, rest: str) -> None:
    """Print a line that begins with a bold word."""
    to.print(Text.assemble((word, "bold"), rest))


def definitions(keys: Mapping[str, str]) -> str:
    """The keys of --json with their definitions, for --help."""
    return "\n\n".join(["Keys of the report:", *(f"[bold]{key}[/]: {text}" for key, text in keys.items())])


def table(heading: str, columns: list[str], text: Collection[str] = ()) -> Table:
    """An empty table; columns of text are aligned to the left, of numbers to the right.

    text  columns of text beside TEXT_COLUMNS
    """
    title = Text(heading, "table.title", no_wrap=True, overflow="ignore")  # it may be wider than the table
    result = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in columns:
        left = column in TEXT_COLUMNS or column in text
        result.add_column(column, justify="left" if left else "right", no_wrap=True)
    return result


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


def spinner(text: str) -> Status:
    """A spinner beside the text on standard error, where that is a terminal, for work whose length is not known."""
    return Console(stderr=True).status(Text(text))


def fail(message: str, code: int) -> NoReturn:
    """End with one line. Raises typer.Exit."""
    typer.echo(f"sat: {' '.join(message.split())}", err=True)
    raise typer.Exit(code)


@contextmanager
def reading_input() -> Iterator[None]:
    """Around everything that depends on the user's input and tools: an error there ends with one line and exit 2."""
    try:
        yield
    except (ValueError, OSError, ToolMissing, ToolFailed) as error:
        fail(str(error), BAD_INPUT)


@contextmanager
def simulating() -> Iterator[None]:
    """Around a run: a simulator or a device that fails ends it with one line and exit 1."""
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
