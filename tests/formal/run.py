"""A block's proof, and a seeded fault's refutation, each in a folder that keeps its Verilog and its trace."""

import re
import shutil
import time
from pathlib import Path
from typing import NamedTuple

from tests.formal import solver
from tests.formal.bench import TOP, Bench, Sources, bench
from tests.formal.blocks import Block
from tests.formal.faults import Fault
from tests.formal.proof import Proof


class Verdict(NamedTuple):
    """What has become of a proof, or of a fault.

    properties  the sentences that it is about
    how         the way in which they hold
    failed      those that do not, or what else went wrong
    seconds     of conversion, Yosys and solver
    trace       the counterexample's waveform, where there is one
    """

    block: str
    properties: tuple[str, ...]
    how: str
    failed: tuple[str, ...]
    seconds: float
    trace: Path | None = None


def prove(block: Block, proof: Proof, folder: Path) -> Verdict:
    """Look at the first cycles, then for an induction, then whether words move at all."""
    begin = time.perf_counter()
    made, smt2 = _prepared(block, proof, folder)
    runs = {
        "base case": lambda: solver.base(smt2, proof.depth),
        "induction": lambda: solver.induction(smt2, proof.depth),
        "never happens": lambda: solver.reached(smt2, proof.reach),
    }
    outcomes: dict[str, solver.Outcome] = {}
    for name, run in runs.items():
        outcomes[name] = run()
        if not outcomes[name].held:
            failed = tuple(f"{name}: {sentence}" for sentence in _sentences(made, outcomes[name]))
            return _verdict(block, made, f"{name} fails", failed, begin, smt2.with_name(solver.VCD))
    depth = proof.depth - min(outcomes["induction"].steps)
    how = f"induction, depth {depth}, from {proof.depth} cycles"
    return _verdict(block, made, how, (), begin)


def refute(block: Block, proof: Proof, fault: Fault, folder: Path) -> Verdict:
    """Look for the cycle in which a fault breaks the property that is about it."""
    begin = time.perf_counter()
    made, smt2 = _prepared(block, proof, folder, fault)
    outcome = solver.base(smt2, proof.reach)
    failed = _sentences(made, outcome)
    return _verdict(block, made, f"cycle {max(outcome.steps)}", failed, begin, smt2.with_name(solver.VCD))


def _prepared(block: Block, proof: Proof, folder: Path, fault: Fault | None = None) -> tuple[Bench, Path]:
    shutil.rmtree(folder, ignore_errors=True)
    sources = Sources(block, folder)
    for name in proof.cut:
        sources.cut(name)
    if fault:
        fault.apply(sources.files)
    made = bench(block, proof, sources, fault.seen if fault else "")
    (folder / f"{TOP}.sv").write_text(made.text)
    return made, solver.model(folder, [*sources.files.values(), folder / f"{TOP}.sv"], TOP)


def _sentences(made: Bench, outcome: solver.Outcome) -> tuple[str, ...]:
    """What failed: properties by their sentences, all else by its line."""
    lines = made.text.splitlines()

    def said(label: str) -> str:
        place = re.match(rf"{TOP}\.sv:(\d+)", label)
        return made.properties.get(label) or (lines[int(place[1]) - 1] if place else label)

    return tuple(map(said, outcome.failed))


def _verdict(
    block: Block, made: Bench, how: str, failed: tuple[str, ...], begin: float, trace: Path | None = None
) -> Verdict:
    seconds = time.perf_counter() - begin
    there = trace if trace and trace.exists() else None
    return Verdict(block.name, tuple(made.properties.values()), how, failed, seconds, there)
