"""`python -m tests.mutation`, which is `tox -e mutation`."""
import json
import shutil
import tempfile
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich.progress import Progress

import cosim
from cosim.checker import Checker, Mismatch
from rtl import sat
from sat import terminal
from tests.mutation.mutants import Mutant, drawn
from tests.mutation.stimuli import CONFIG, stimuli

CAUGHT_SHARE = 0.95
LARGEST_SEED = 2 ** 32 - 1

Count = Annotated[int, typer.Option(min=1, help="Mutants to draw.")]
Seed = Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Of the mutants and of all operands.")]
Workers = Annotated[int, typer.Option(min=1, help="Simulations at a time.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write every mutant's fate to this file.")]


class Fate(NamedTuple):
    """`caught` is the number of the stimulus that told, from 1; 0: none did; None: it is no Verilog any more."""

    mutant: Mutant
    caught: int | None
    how: str


def simulate(mutant: Mutant, original: Path, seed: int) -> Fate:
    """What becomes of a mutant of the Verilog in `original`."""
    with tempfile.TemporaryDirectory(prefix="sat-mutant-") as scratch:
        folder = Path(scratch, "verilog")
        shutil.copytree(original, folder)
        mutant.apply(folder)
        try:
            checker = Checker(cosim.engine("icarus", CONFIG, verilog=folder, patience=60.0))
        except cosim.ToolFailed:
            return Fate(mutant, None, "does not compile")
        for number, (program, operands) in enumerate(stimuli(seed), 1):
            try:
                checker.run(program, operands)
            except Mismatch as error:
                return Fate(mutant, number, str(error))
    return Fate(mutant, 0, "")


def run(count: Count = 240, seed: Seed = 1, workers: Workers = 2, json_file: Json = None) -> None:
    """Draw mutants over all modules of the device, simulate each, and say which ones nothing has told apart."""
    with tempfile.TemporaryDirectory(prefix="sat-mutation-") as scratch:
        original = Path(scratch, "verilog")
        checker = Checker(cosim.engine("icarus", CONFIG, keep=original))
        for program, operands in stimuli(seed):
            checker.run(program, operands)
        files = [original / path.name for path in sat.write(CONFIG, Path(scratch, "device")).values()]
        fates = _simulated(drawn(files, count, seed), original, seed, workers)
    if not _report(fates, seed, json_file):
        raise typer.Exit(1)


def _simulated(mutants: list[Mutant], original: Path, seed: int, workers: int) -> list[Fate]:
    with Progress() as bar, ProcessPoolExecutor(workers) as pool:
        task = bar.add_task("mutants", total=len(mutants))
        fates = []
        for fate in pool.map(partial(simulate, original=original, seed=seed), mutants):
            fates.append(fate)
            bar.advance(task)
    return fates


def _report(fates: list[Fate], seed: int, json_file: Path | None) -> bool:
    """Print the fates; whether enough were caught."""
    console, valid = terminal.console(), [fate for fate in fates if fate.caught is not None]
    survivors = [fate for fate in valid if not fate.caught]
    rows = terminal.table(f"Mutants, seed {seed}", ["module", "mutants", "caught"])
    per_module = Counter(fate.mutant.file for fate in valid)
    alive = Counter(fate.mutant.file for fate in survivors)
    for module, number in sorted(per_module.items()):
        rows.add_row(module, str(number), str(number - alive[module]))
    console.print(rows)
    for fate in survivors:
        console.print(f"survived: {fate.mutant}", markup=False)
    share = 1 - len(survivors) / max(1, len(valid))
    console.print(f"{len(valid) - len(survivors)} of {len(valid)} mutants caught ({share:.1%}); "
                  f"{len(fates) - len(valid)} more did not compile")
    terminal.write_json(json_file, dict(seed=seed, caught=share, mutants=[
        dict(**vars(fate.mutant), caught=fate.caught, how=fate.how) for fate in fates]))
    return share >= CAUGHT_SHARE


if __name__ == "__main__":
    typer.run(run)
