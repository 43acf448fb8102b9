"""`python -m tests.formal`, which is `tox -e formal`: prove every block's properties, then seed faults into them."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import typer

from cosim.tools import ToolFailed, ToolMissing
from sat import terminal
from sat.columns import Column, show, worded
from tests.formal.blocks import found
from tests.formal.faults import FAULTS, Fault
from tests.formal.proof import Proof
from tests.formal.proofs import PROOFS
from tests.formal.run import Verdict, prove, refute

BUILD = Path("build", "formal")
PROCESSORS = os.cpu_count() or 1
COLUMNS = [
    worded("block", "the block, once for all of its properties"),
    worded("property", "what is proven, or what a fault breaks", 2),
    worded("how", "depth of the base cases and of the induction, in cycles", 1),
    Column("seconds", "of processor and solver", 1, "{:.1f}".format),
    worded("result", "holds, FAILS, or not proven; of a fault found or MISSED"),
]
FAULT_COLUMNS = [worded("fault", "what is planted"), *COLUMNS]

Workers = Annotated[int, typer.Option(min=1, help="Proofs at a time.")]
Blocks = Annotated[list[str] | None, typer.Argument(help="Blocks to look at; all, where none is named.")]


def run(names: Blocks = None, workers: Workers = PROCESSORS) -> None:
    """Exit code 1 where a property does not hold, or a fault is not seen; 2 where a tool is missing."""
    blocks = found()
    if unknown := set(names or ()) - blocks.keys():
        raise typer.BadParameter(f"blocks must be among {', '.join(blocks)}, not {', '.join(sorted(unknown))}")
    chosen = [name for name in blocks if not names or name in names]
    faults = [fault for fault in FAULTS if fault.block in chosen]
    with ProcessPoolExecutor(workers) as pool:  # processes, for MyHDL converts one block at a time
        try:
            held = _report_proofs(_each(pool.map(proven, chosen), "proofs"))
            seen = _report_faults(faults, _each(pool.map(refuted, faults), "seeded faults"))
        except (ToolMissing, ToolFailed) as error:
            terminal.fail(str(error), terminal.BAD_INPUT)
    if not (held and seen):
        raise typer.Exit(terminal.FAILED)


def proven(name: str) -> Verdict:
    """What becomes of a block's proof."""
    return prove(found()[name], PROOFS.get(name, Proof()), BUILD / name)


def refuted(fault: Fault) -> Verdict:
    """What becomes of a fault."""
    folder = BUILD / "faults" / fault.kind.replace(" ", "_")
    return refute(found()[fault.block], PROOFS.get(fault.block, Proof()), fault, folder)


def _each(verdicts: Iterable[Verdict], text: str) -> list[Verdict]:
    with terminal.spinner(text):
        return list(verdicts)


def _report_proofs(verdicts: list[Verdict]) -> bool:
    """Print a row for each property, and what is assumed; whether all hold."""
    console = terminal.console()
    show(console, "Proofs", COLUMNS, [row for verdict in verdicts for row in _rows(verdict)])
    for verdict in verdicts:
        for sentence, _ in PROOFS.get(verdict.block, Proof()).given.items():
            console.print(f"assumed around {verdict.block}: {sentence}")
    failures = [verdict for verdict in verdicts if verdict.failed]
    for verdict in failures:
        _complain(console.print, verdict)
    number = sum(len(verdict.properties) for verdict in verdicts)
    console.print(f"{number} properties of {len(verdicts)} blocks; {len(failures)} blocks fail")
    return not failures


def _told(verdict: Verdict) -> dict[str, Any]:
    return dict(block=verdict.block, how=verdict.how, seconds=verdict.seconds)


def _rows(verdict: Verdict) -> Iterator[dict[str, Any]]:
    """A row for each property of a block, which the first one names."""
    for number, sentence in enumerate(verdict.properties):
        broken = any(sentence in failed for failed in verdict.failed)
        result = "FAILS" if broken else "not proven" if verdict.failed else "holds"
        yield dict(property=sentence, result=result, **(_told(verdict) if number == 0 else {}))


def _complain(say: Callable[[str], None], verdict: Verdict) -> None:
    for failed in verdict.failed:
        say(f"{verdict.block}: {failed}")
    say(f"    trace: {verdict.trace or 'none'}")


def _report_faults(faults: list[Fault], verdicts: list[Verdict]) -> bool:
    """Print a row for each fault; whether each has broken the property that is about it."""
    console, rows = terminal.console(), []
    for fault, verdict in zip(faults, verdicts, strict=True):
        result = "found" if fault.seen in verdict.failed else "MISSED"
        rows.append(dict(fault=fault.kind, property=fault.seen, result=result, **_told(verdict)))
    show(console, "Seeded faults", FAULT_COLUMNS, rows)
    missed = sum(row["result"] == "MISSED" for row in rows)
    console.print(f"{len(faults)} seeded faults; {missed} missed")
    return not missed


if __name__ == "__main__":
    typer.run(run)
