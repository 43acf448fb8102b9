"""The verdicts of `sat verify`: rows for a table and as data, and the sentences below the table."""

from collections.abc import Sequence
from math import floor, log10
from typing import Any

from rich.console import Console
from rich.text import Text

from cosim.check.checker import Checked
from cosim.check.sampler import Sample
from sat import terminal
from tlm.gemm import Gemm
from tlm.update import Update

EQUAL = {True: Text("equal"), False: Text("different", "red")}


def rows_of(checked: Sequence[Checked], sample: Sample | None) -> list[dict[str, Any]]:
    """A row for each program that ran; that of a piece tells the part of the whole that it is."""
    rows = [_row(one) for one in checked]
    if not sample:
        return rows
    # After a difference no more pieces run.
    return [row | {"piece": piece.text} for row, piece in zip(rows, sample.pieces, strict=False)]


def _row(one: Checked) -> dict[str, Any]:
    work, (m, k, n) = one.program.work, one.program.work.shape
    return dict(
        layer=work.layer,
        stage=work.stage,
        m=m,
        k=k,
        n=n,
        sparsity=str(work.sparsity or "dense"),
        dataflow=one.program.dataflow,
        bits_equal=one.bits_equal,
        cycles_equal=one.cycles_equal,
        cycles=one.cycles,
    )


def sample_data(sample: Sample) -> dict[str, Any]:
    """A sample as data: pieces, layers with their stages ('pairs'), multiply-adds."""
    return dict(
        asked=sample.asked,
        drawn=len(sample.pieces),
        pairs=sample.pairs,
        pairs_covered=sample.pairs_covered,
        macs=sample.macs,
        macs_covered=sample.macs_covered,
        share=sample.share,
    )


def print_rows(to: Console, rows: Sequence[dict[str, Any]], heading: str) -> None:
    """Print a row for each program."""
    table = terminal.table(heading, ["layer", "stage", "m x k x n", "N:M", "flow", "cycles", "bits", "as modelled"])
    for row in rows:
        table.add_row(
            row["layer"],
            row["stage"],
            f"{row['m']} x {row['k']} x {row['n']}",
            row["sparsity"],
            row["dataflow"],
            f"{row['cycles']:,}",
            EQUAL[row["bits_equal"]],
            EQUAL[row["cycles_equal"]],
        )
    to.print(table)


def print_equal(to: Console, checked: Sequence[Checked], pieces: str = "") -> None:
    """One line for the GEMMs and one for the updates, where there are any.

    pieces  'pieces of ', where that is all that ran
    """
    works = [one.program.work for one in checked]
    gemms = [work for work in works if isinstance(work, Gemm)]
    others = [work for work in works if isinstance(work, Update)]
    updates = [work for work in others if work.momentum]
    reductions = f" and {len(others) - len(updates)} {pieces}reductions" if len(others) > len(updates) else ""
    elements = sum(gemm.m * gemm.n for gemm in gemms)
    if gemms:
        terminal.verdict(to, "equal", f": {elements:,} elements and all cycles of {len(gemms)} {pieces}GEMMs")
    if updates:
        weights = sum(update.k * update.n for update in updates)
        terminal.verdict(
            to,
            "equal",
            f": {weights:,} weights with velocities and N:M copies, and all cycles, "
            f"of {len(updates)} {pieces}updates{reductions}",
        )


def print_share(to: Console, sample: Sample, seed: int) -> None:
    """Print the share of the step that the sample is."""
    percent = 100 * sample.share
    digits = max(0, 1 - floor(log10(percent))) if percent else 0  # two that count
    left = sample.pairs - sample.pairs_covered
    fewer = f", all that there are of the {sample.asked} asked for" if len(sample.pieces) < sample.asked else ""
    without = f"; {left} are left out" if left else ""
    terminal.verdict(
        to,
        "sampled",
        f": {len(sample.pieces)} pieces{fewer}, of {sample.pairs_covered} of the "
        f"step's {sample.pairs} layers and stages{without}",
    )
    terminal.verdict(
        to,
        f"{percent:.{digits}f} %",
        f" of the step's multiply-adds: {sample.macs_covered:,} of {sample.macs:,}; seed {seed}",
    )
