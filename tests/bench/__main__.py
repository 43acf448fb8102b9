"""`python -m tests.bench`: measure everything, print one table, and exit 1 only when a check fails."""

import json
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cosim.tools import ToolMissing
from tests.bench import costing, gemm, kernels, simulators, training, verilated
from tests.bench.measure import CheckFailed, Row

MET = {True: "[green]yes", False: "[red]no", None: ""}


def measured(seed: int, quick: bool) -> Iterator[Row]:
    """All rows, each as soon as it is there. MyHDL comes first: it resets every signal that its process ever made."""
    yield simulators.myhdl_row(seed)
    yield from costing.costing_rows(quick)  # before larger children: their memory would hide its own
    yield from kernels.conversion_rows()
    yield from kernels.utilisation_rows()
    yield kernels.functional_row(seed, quick)
    yield from gemm.kernel_rows(seed, quick)
    yield from training.training_rows(seed, quick)
    yield from simulators.all_icarus_rows(seed, quick)
    yield from verilated.verilator_rows(seed, quick)


def table(rows: list[Row], title: str) -> Table:
    """The rows for the terminal."""
    result = Table("what", "measured", "to reach", "met", title=title)
    for row in rows:
        result.add_row(row.what, row.measured, row.target, MET[row.met])
    return result


def main(
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the same content, and more, as JSON.")] = None,
    seed: Annotated[int, typer.Option(help="Of all random operands.")] = 1,
    quick: Annotated[bool, typer.Option("--quick", help="Small cases, run once: a look, not a measurement.")] = False,
) -> None:
    """Measure what the project promises. A target that is missed is a result; exit code 1 is a failed check."""
    console, rows, failure = Console(), [], None
    try:
        with console.status("measuring") as status:
            for row in measured(seed, quick):
                rows.append(row)
                status.update(f"measured: {row.what}")
    except (CheckFailed, ToolMissing) as error:
        failure = error
    machine = dict(processors=os.cpu_count(), architecture=platform.machine(), python=platform.python_version())
    console.print(table(rows, f"seed {seed}, {machine['processors']} processors{', quick' if quick else ''}"))
    if json_file:
        content = dict(
            seed=seed,
            quick=quick,
            machine=machine,
            failure=failure and str(failure),
            rows=[asdict(row) for row in rows],
        )
        json_file.write_text(json.dumps(content, indent=2) + "\n")
    if failure:
        checked = isinstance(failure, CheckFailed)
        console.print(f"{'check failed: ' if checked else ''}{failure}", style="red", markup=False)
        raise typer.Exit(1 if checked else 2)


if __name__ == "__main__":
    typer.run(main)
