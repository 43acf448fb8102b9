"""`sat`, or `python -m sat`."""

import importlib.metadata
import signal
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from sat.area import COLUMNS as AREA
from sat.columns import defined
from sat.commands import flat
from sat.compare.command import app as compare
from sat.cycles.command import app as cycles
from sat.plan import COLUMNS as PLAN
from sat.plan import plan
from sat.terminal import BAD_INPUT, FAILED, INTERRUPTED, USAGE_ERROR, definitions, fail
from sat.train.command import app as train
from sat.verify.command import app as verify
from sat.verilog import COLUMNS as VERILOG
from sat.verilog import verilog
from tlm.accelerators import TABLE


class Sorted(TyperGroup):
    """Lists the commands as a user comes to them; typer would put those without sub-commands first."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names."""
        return sorted(self.commands, key=ORDER.index)


ORDER = ("train", "cycles", "plan", "verify", "verilog", "compare")
app = typer.Typer(
    cls=Sorted,
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


for name, command, summary in (
    ("train", train, "Train a network on an accelerator, or compare methods."),
    ("cycles", cycles, "Where the cycles of a training step go, by the model."),
    ("verify", verify, "Compare an engine with the functional one and the model."),
    ("compare", compare, "Compare accelerators of equal size on the same GEMMs."),
):
    app.add_typer(command, name=name, short_help=summary)
for function, tables, summary in (
    (plan, [PLAN], "Choose how each GEMM of a training step is laid on the array."),
    (verilog, [VERILOG, AREA], "Write an accelerator's Verilog, and estimate its area."),
):
    app.command(epilog=definitions(defined(*tables)), short_help=summary)(flat(function))


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
