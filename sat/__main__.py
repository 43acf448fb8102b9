"""`sat`, or `python -m sat`."""

import signal
import sys
from typing import Annotated

import typer

from sat.on_demand import Place, on_demand
from sat.terminal import BAD_INPUT, FAILED, INTERRUPTED, USAGE_ERROR, fail

COMMANDS = {  # as a user comes to them
    "train": Place("sat.train.command", "Train a network on an accelerator, or compare methods."),
    "export": Place("sat.export", "Write a trained network's pruned weights, masks and N:M copies."),
    "cycles": Place("sat.cycles.command", "Where the cycles of a training step go, by the model."),
    "plan": Place("sat.plan", "Choose how each GEMM of a training step is laid on the array."),
    "verify": Place("sat.verify.command", "Compare an engine with the functional one and the model."),
    "verilog": Place("sat.verilog", "Write an accelerator's Verilog, and estimate its area."),
    "compare": Place("sat.compare.command", "Compare accelerators of equal size on the same GEMMs."),
}


def introduction() -> str:
    """What --help says before the commands."""
    from tlm.accelerators import TABLE

    rows = "; ".join(f"{row.title}: {row.summary}" for row in TABLE.values())
    return f"Accelerators for training: their RTL, their cycles, and training on them. {rows}."


app = on_demand(
    COMMANDS,
    introduction,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if not wanted:
        return
    import importlib.metadata

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
