"""`python -m tests.mutation`, which is `tox -e mutation`.

A mutant runs programs until one differs from the model in bits or cycles. If none does, and where it is one of what
gives the accelerator its AXI ports, it runs the cases of tests/rtl/sat/axi/axi_*_cases.py under cocotb.
"""

import resource
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.progress import Progress
from rich.table import Table

import cosim
from cosim.check.checker import Checker, Mismatch
from cosim.tools import call, tool
from rtl.config import Config
from rtl.sat.axi import sat_axi
from rtl.sigma import sigma
from sat import terminal
from tests.mutation import sigma_stimuli, stimuli
from tests.mutation.explained import explanation
from tests.mutation.mutants import Mutant, drawn
from tests.support.cocotb_run import outcomes

CAUGHT_SHARE = 0.95
PATIENCE = 300  # seconds of processor time for the cases: each ends after some cycles, but may hang within one
LARGEST_SEED = 2**32 - 1

Count = Annotated[int, typer.Option(min=1, help="Mutants to draw.")]
Seed = Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Of the mutants and of all operands.")]
Workers = Annotated[int, typer.Option(min=1, help="Simulations at a time.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write every mutant's fate to this file.")]


class Target(NamedTuple):
    """An accelerator whose mutants are drawn."""

    config: Config
    stimuli: Callable[[int], Iterator[tuple[Any, Any]]]
    write: Callable[[Config, Path], dict[str, Path]]
    axi: bool


TARGETS = {
    "sat": Target(stimuli.CONFIG, stimuli.stimuli, sat_axi.write, True),
    "sigma": Target(sigma_stimuli.CONFIG, sigma_stimuli.stimuli, sigma.write, False),
}
Name = Annotated[str, typer.Option("--accelerator", help=f"{' or '.join(TARGETS)}.")]


class Fate(NamedTuple):
    """`caught` is the number of the program or case that told, from 1; 0: none did; None: it is no Verilog any more."""

    mutant: Mutant
    caught: int | None
    how: str


def simulate(mutant: Mutant, name: str, device: Path, harness: Path, seed: int, cases: str) -> Fate:
    """What becomes of a mutant of the Verilog in `device`, of which `harness` has the accelerator alone.

    cases  a regular expression of those on the AXI ports; empty: none
    """
    caught = 0
    with tempfile.TemporaryDirectory(prefix="sat-mutant-") as scratch:
        for original, checks in ((harness, partial(in_programs, name)), (device, partial(in_cases, cases=cases))):
            folder = Path(scratch, original.name)
            if not caught and (original / mutant.file).exists() and (cases or original == harness):
                shutil.copytree(original, folder)
                mutant.apply(folder)
                try:
                    caught, how = checks(folder, seed)
                except cosim.ToolFailed:
                    return Fate(mutant, None, "does not compile")
    return Fate(mutant, caught, how)


def in_programs(name: str, folder: Path, seed: int) -> tuple[int, str]:
    """The number of the first stimulus in which the Verilog differs from the model, and how."""
    target = TARGETS[name]
    engine = cosim.engine("icarus", target.config, verilog=folder, patience=60.0)
    for number, (program, operands) in enumerate(target.stimuli(seed), 1):
        try:
            Checker(engine.beside(program.memory)).run(program, operands)
        except Mismatch as error:
            return number, str(error)
    return 0, ""


def in_cases(folder: Path, seed: int, cases: str) -> tuple[int, str]:
    """The number of the first case that fails on the Verilog, and how; 1 where one ends or hangs the simulator."""
    files = sorted(folder.glob("*.v"))
    call(tool("iverilog"), "-g2005", "-o", folder.parent / "sat_axi.vvp", *files)
    try:
        with ProcessPoolExecutor(1, initializer=_limit, initargs=(PATIENCE,)) as alone:  # a process that has used none
            found = alone.submit(outcomes, files, stimuli.CONFIG, folder.parent, seed, cases, failures=1).result()
    except RuntimeError as error:
        return 1, f"the simulator was ended: {error}"
    failed = ((number, f"{name}: {why[0]}") for number, (name, why) in enumerate(found.items(), 1) if why)
    return next(failed, (0, ""))


def run(
    accelerator: Name = "sat", count: Count = 240, seed: Seed = 1, workers: Workers = 2, json_file: Json = None
) -> None:
    """Draw mutants over all modules of the device, simulate each, and say which ones nothing has told apart."""
    if accelerator not in TARGETS:
        raise typer.BadParameter(f"accelerator must be one of {', '.join(TARGETS)}, not {accelerator!r}")
    target = TARGETS[accelerator]
    with tempfile.TemporaryDirectory(prefix="sat-mutation-") as scratch:
        device, harness = Path(scratch, "device"), Path(scratch, "harness")
        files = list(target.write(target.config, device).values())
        cosim.engine("icarus", target.config, keep=harness)
        cases = "." if target.axi else ""
        failed = in_programs(accelerator, harness, seed)[1] or (cases and in_cases(device, seed, cases)[1])
        if failed:
            raise RuntimeError(f"the Verilog itself must pass: {failed}")
        simulation = partial(simulate, name=accelerator, device=device, harness=harness, seed=seed, cases=cases)
        fates = _simulated(drawn(files, count, seed), simulation, workers)
    if not _report(fates, seed, json_file):
        raise typer.Exit(1)


def _limit(seconds: int) -> None:
    """Let this process, and those that it starts, each end after so many seconds of processor time."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _simulated(mutants: list[Mutant], simulation: Callable[[Mutant], Fate], workers: int) -> list[Fate]:
    with Progress() as bar, ProcessPoolExecutor(workers) as pool:
        task = bar.add_task("mutants", total=len(mutants))
        fates = []
        for fate in pool.map(simulation, mutants):
            fates.append(fate)
            bar.advance(task)
    return fates


def _report(fates: list[Fate], seed: int, json_file: Path | None) -> bool:
    """Print the fates; whether enough were caught."""
    console, valid = terminal.console(), [fate for fate in fates if fate.caught is not None]
    survivors = [fate for fate in valid if not fate.caught]
    explained = [fate for fate in survivors if explanation(fate.mutant)]
    rows = Table("module", "mutants", "caught", title=f"Mutants, seed {seed}")
    per_module = Counter(fate.mutant.file for fate in valid)
    alive = Counter(fate.mutant.file for fate in survivors)
    for module, number in sorted(per_module.items()):
        rows.add_row(module, str(number), str(number - alive[module]))
    console.print(rows)
    for fate in survivors:
        console.print(f"survived: {fate.mutant}\n    {explanation(fate.mutant) or 'NOT EXPLAINED'}")
    faults, caught = len(valid) - len(explained), len(valid) - len(survivors)
    share = caught / max(1, faults)
    console.print(
        f"{len(valid)} mutants, of which {len(explained)} are explained to be no faults; {caught} of the "
        f"other {faults} caught ({share:.1%}); {len(fates) - len(valid)} more did not compile"
    )
    terminal.write_json(
        json_file,
        dict(
            seed=seed,
            caught=share,
            mutants=[
                dict(**vars(fate.mutant), caught=fate.caught, how=fate.how or explanation(fate.mutant))
                for fate in fates
            ],
        ),
    )
    return share >= CAUGHT_SHARE


if __name__ == "__main__":
    typer.run(run)
