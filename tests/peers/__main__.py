"""`python -m tests.peers`, which is `tox -e peers`: SCALE-Sim and `sat cycles` side by side on the same GEMMs."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from sat import terminal
from tests.bench.measure import CheckFailed
from tests.peers import gemms, scale_sim
from tests.peers.formula import DATAFLOWS, Difference
from tests.peers.report import as_data, print_report
from tests.peers.run import CONFIG, Took, best_of, run_sat, run_scale_sim

ENVIRONMENT = Path("build", "peers", f"scalesim-{scale_sim.VERSION}")
REPEATS = 3  # of `sat cycles`, which takes a second; SCALE-Sim takes minutes


def main(
    dataflow: Annotated[list[str] | None, typer.Option(help="os or ws; both by default.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the same content as JSON.")] = None,
) -> None:
    """Exit code 1 where a count is not as its formula says, 2 where SCALE-Sim cannot be installed."""
    chosen, console = tuple(dataflow or DATAFLOWS), terminal.console()
    if unknown := set(chosen) - {*DATAFLOWS}:
        raise typer.BadParameter(f"dataflow must be among {', '.join(DATAFLOWS)}, not {', '.join(sorted(unknown))}")
    found = {}
    try:
        terminal.writable(json_file)
        with terminal.spinner("installing SCALE-Sim"):
            python = scale_sim.installed(ENVIRONMENT.resolve())
        for name in chosen:
            with terminal.spinner(f"both simulators, {name}: some minutes, nearly all of them SCALE-Sim's"):
                found[name] = compared(python, name)
            print_report(console, name, *found[name])
    except (scale_sim.NotInstalled, ValueError) as error:
        terminal.fail(str(error), terminal.BAD_INPUT)
    except CheckFailed as error:
        terminal.fail(str(error), terminal.FAILED)
    terminal.write_json(json_file, as_data(found))


def compared(python: Path, dataflow: str) -> tuple[list[Difference], dict[str, Took]]:
    """The differences of all GEMMs, and what each simulator took. Raises CheckFailed."""
    shapes = gemms.forward_gemms()
    with tempfile.TemporaryDirectory(prefix="sat-peers-") as name:
        folder = Path(name)
        theirs, took = run_scale_sim(python, shapes, dataflow, folder)
        ours, least = best_of(REPEATS, lambda: run_sat(shapes, dataflow, folder))
    lines = [Difference.of(shape, CONFIG, dataflow, *both) for shape, *both in zip(shapes, ours, theirs, strict=True)]
    return lines, {f"SCALE-Sim {scale_sim.VERSION}": took, "sat cycles": least}


if __name__ == "__main__":
    typer.run(main)
