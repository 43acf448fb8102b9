"""`sat`, or `python -m sat`."""
import signal

import typer

from sat.cycles import cycles
from sat.terminal import definitions
from sat.train import train
from sat.verify import verify
from sat.verilog import verilog

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
                  help="SAT, a systolic accelerator for N:M sparse training: its RTL, its model, and training on it.")


@app.callback()
def ended_politely() -> None:
    """SIGTERM ends a command as Ctrl-C does: simulators are ended, and temporary folders removed."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


app.command(epilog=definitions())(train)
app.command(epilog=definitions())(cycles)
app.command()(verify)
app.command()(verilog)

if __name__ == "__main__":
    app()
