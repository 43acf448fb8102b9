"""The terminal and data files of every command: progress, and one clear line for an error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO, cast

import typer
from rich.console import Console
from rich.status import Status
from rich.text import Text

if TYPE_CHECKING:  # what takes its time is loaded when it is needed
    from rich.progress import Progress

UNBOUNDED = 10_000  # characters in a line of what is no terminal: all columns, and no line is wrapped
# typer's UsageError, which it does not export; a BadParameter is one, and has the same methods.
USAGE_ERROR = cast(type[typer.BadParameter], typer.BadParameter.__base__)
STANDARD_OUTPUT = Path("-")  # as the file of --json
FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130  # exit codes
_DATA: ContextVar[TextIO] = ContextVar("standard output, while it is kept for data")


def is_terminal() -> bool:
    """Whether standard output is one; it may be closed, too."""
    return sys.stdout is not None and sys.stdout.isatty()


def console() -> Console:
    """Standard output, as wide as COLUMNS says, else as its terminal is; a pipe or a file has no width, and is given
    all columns, and lines as long as they are. Text is shown as it is: bold text is a rich Text.
    """
    asked = os.environ.get("COLUMNS", "")
    width = int(asked) if asked.isdecimal() and int(asked) else None if is_terminal() else UNBOUNDED
    return Console(width=width, highlight=False, markup=False, emoji=False)


def verdict(to: Console, word: str, rest: str) -> None:
    """Print a line that begins with a bold word."""
    to.print(Text.assemble((word, "bold"), rest))


def definitions(keys: Mapping[str, str]) -> str:
    """The keys of --json with their definitions, for --help."""
    return "\n\n".join(["Keys of the report:", *(f"[bold]{key}[/]: {text}" for key, text in keys.items())])


def progress() -> Progress:
    """A progress bar on standard error, where that is a terminal; it disappears when it is done. Lines that are printed
    meanwhile go above it where they would meet it, and else to standard output as ever."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

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
        redirect_stdout=is_terminal(),
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
    except (ValueError, OSError) as error:
        fail(str(error), BAD_INPUT)
    except RuntimeError as error:
        from cosim import ToolFailed, ToolMissing

        if not isinstance(error, (ToolMissing, ToolFailed)):
            raise
        fail(str(error), BAD_INPUT)


@contextmanager
def simulating() -> Iterator[None]:
    """Around a run: a simulator or a device that fails ends it with one line and exit 1."""
    try:
        yield
    except RuntimeError as error:
        from cosim import SimulationError, ToolFailed

        if not isinstance(error, (SimulationError, ToolFailed)):
            raise
        fail(str(error), FAILED)


@contextmanager
def kept_for_data() -> Iterator[None]:
    """Standard output is for data alone: what is printed meanwhile goes to standard error."""
    before = _DATA.set(sys.stdout)
    with redirect_stdout(sys.stderr):
        yield
    _DATA.reset(before)


def to_standard_output(context: typer.Context, file: Path | None) -> Path | None:
    """The file of --json; where it is '-', standard output is kept for it as long as the command runs."""
    if file == STANDARD_OUTPUT:
        context.with_resource(kept_for_data())
    return file


def writable(*files: Path | None) -> None:
    """Make the folders of files to be written, so that a run is not lost at its end. Raises ValueError."""
    for file in files:
        if file is None or file == STANDARD_OUTPUT:
            continue
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            new = not file.exists()
            file.open("a").close()
            if new:
                file.unlink()
        except OSError as error:
            raise ValueError(f"{file} cannot be written: {error.strerror}") from None


def write_json(file: Path | None, content: dict[str, Any]) -> None:
    """Write content, if there is a file to write to; '-' is standard output."""
    if file is None:
        return
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    if file == STANDARD_OUTPUT:
        stream = _DATA.get(sys.stdout)
        stream.write(text)
        stream.flush()
    else:
        file.write_text(text)
