"""`sat`, or `python -m sat`."""

import signal
import sys

import typer

from sat.compare.command import KEYS, compare_command
from sat.cycles.command import cycles
from sat.plan import plan
from sat.terminal import BAD_INPUT, FAILED, INTERRUPTED, definitions
from sat.train.command import train
from sat.verify.command import verify
from sat.verilog import verilog

USAGE_ERROR = typer.BadParameter.__base__  # which typer does not export

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    help="SAT, a systolic accelerator for N:M sparse training: its RTL, its model, and training on it; "
    "SIGMA and a plain systolic array beside it.",
)


@app.callback()
def ended_politely() -> None:
    """SIGTERM ends a command as Ctrl-C does: simulators are ended, and temporary folders removed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


app.command(epilog=definitions())(train)
app.command(epilog=definitions())(cycles)
app.command()(plan)
app.command()(verify)
app.command()(verilog)
app.command("compare", epilog=definitions(KEYS))(compare_command)


def main() -> None:
    """Run the command line. What it cannot read ends with one line and exit code 2."""
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
