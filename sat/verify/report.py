"""The verdicts of `sat verify`: rows for a table and as data, and the sentences below the table."""

from collections.abc import Sequence
from dataclasses import replace
from math import floor, log10
from typing import Any

from rich.console import Console
from rich.text import Text

from cosim.check.checker import Checked
from cosim.check.sampler import Sample
from sat import terminal
from sat.columns import Column, show, worded
from sat.report import STEP
from tlm.gemm import Gemm
from tlm.update import Update

_EQUAL = {True: Text("equal"), False: Text("different", "red")}
COLUMNS = [
    *(STEP[key] for key in ("layer", "stage")),
    *(replace(STEP[key], priority=2) for key in ("m", "k", "n")),
    *(replace(STEP[key], priority=1) for key in ("sparsity", "dataflow")),
    STEP["cycles"],
    Column("bits_equal", "whether every bit is that of the functional engine", 0, _EQUAL.__getitem__, left=True),
    Column("cycles_equal", "whether the cycles are those of the model, tile by tile", 0, _EQUAL.__getitem__, left=True),
]
PIECE = worded("piece", "the part of the whole that ran: its rows, columns and stretch of k", 3)


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


def print_rows(to: Console, rows: Sequence[dict[str, Any]], heading: str, asked: Sequence[str] = ()) -> None:
    """Print a row for each program, with the keys that are asked for; () for as many as fit the terminal."""
    show(to, heading, [*COLUMNS, PIECE], rows, asked=asked)


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
