"""`sat`, or `python -m sat`."""

import importlib.metadata
import signal
import sys
from typing import Annotated, cast

import typer

from sat.compare.command import compare_command
from sat.compare.keys import keys
from sat.cycles.command import cycles
from sat.plan import plan
from sat.terminal import BAD_INPUT, FAILED, INTERRUPTED, definitions, fail
from sat.train.command import train
from sat.verify.command import verify
from sat.verilog import verilog
from tlm.accelerators import TABLE
from tlm.report import DEFINITIONS

# UsageError, which typer does not export; a BadParameter is one, and has the same methods.
USAGE_ERROR = cast(type[typer.BadParameter], typer.BadParameter.__base__)

app = typer.Typer(
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Accelerators for training: their RTL, their cycles, and training on them. "
    + "; ".join(f"{row.title}: {row.summary}" for row in TABLE.values())
    + ".",
)


def _version(wanted: bool) -> None:
    if not wanted:
        return
    try:
        typer.echo(f"sat {importlib.metadata.version('sat-cosim')}")
    except importlib.metadata.PackageNotFoundError:
        fail("run from its sources, which have no version: pip install -e .", BAD_INPUT)
    raise typer.Exit()


@app.callback()
def ended_politely(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version, and end.")
    ] = False,
) -> None:
    """SIGTERM ends a command as Ctrl-C does: simulators are ended, and temporary folders removed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


app.command(epilog=definitions(DEFINITIONS))(train)
app.command(epilog=definitions(DEFINITIONS))(cycles)
app.command()(plan)
app.command()(verify)
app.command()(verilog)
app.command("compare", epilog=definitions(keys()))(compare_command)


def main() -> None:
    """Run the command line. Words that it cannot read end it with one line and exit code 2."""
    try:
        sys.exit(app(sys.argv[1:] or ["--help"], standalone_mode=False))
    except USAGE_ERROR as error:
        typer.echo(f"sat: {error.format_message()}", err=True)
        sys.exit(BAD_INPUT)
    except (OSError, MemoryError) as error:
        typer.echo(f"sat: {error}", err=True)
        sys.exit(FAILED)
    except typer.Abort:
        typer.echo("sat: interrupted", err=True)
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
