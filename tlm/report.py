"""Where the cycles of a training step go: a row for each GEMM, and the step against its dense twin."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rtl.config import Config
from tlm.accelerator import extended
from tlm.accelerators import TABLE
from tlm.step import Cost, Costed
from tlm.transactions import Program

# Key in the data -> definition. Rows have all of them, totals those that can be summed, and two of their own.
DEFINITIONS = {
    "layer": "the layer's path in the module",
    "stage": "ff forward pass, bp gradient of the input, wu of the weights; update; reduce makes N:M copies before use",
    "m": "rows of the result: output pixels of the batch; in wu, update, reduce kernel positions x input channels",
    "k": "length of the sums, 0 in update and reduce; zeros that fill a kernel position's last group count",
    "n": "columns of the result",
    "count": "products of this shape, one after another: attention's heads of all images; else 1",
    "sparsity": "N:M pattern of the weights along k, or of the copies; dense with fewer than M channels",
    "dataflow": "os output-, ws weight-stationary; update, use: where N:M copies are made; empty without",
    "tile": "rows, elements of k and columns of a tile of the result",
    "macs": "multiply-adds that are done",
    "macs_skipped": "multiply-adds that sparsity saves: macs + macs_skipped = count m k n",
    "cycles": "clock cycles from the first command to the last word stored",
    "share": "cycles of this row in those of the step",
    "utilisation": "macs in cycles x processing elements = filled x busy / cycles",
    "filled": "macs in busy x processing elements: the rest is what tiles leave empty of the array's rows and columns",
    "busy": "cycles in which a step is issued to the array",
    "memory_wait": "cycles in which none is: operands or results are on their way; busy + memory_wait = cycles",
    "bytes": "bytes moved to and from memory, of which:",
    "bytes_values": "FP16 operands read, without pruned weights; FP32 masters, in update also velocities and gradients",
    "bytes_indices": "indices of the kept weights within their groups",
    "bytes_results": "FP16 in ff and bp, FP32 in wu and strided bp; else masters, velocities, FP16 weights, copies",
    "dense_cycles": "cycles of the same step with method dense",
    "speedup": "dense_cycles / cycles",
}
# A row of the table of accelerators may add to a definition.
for row in TABLE.values():
    DEFINITIONS = extended(DEFINITIONS, f"on {row.title}", row.definitions)
_SUMMED = (
    "macs",
    "macs_skipped",
    "cycles",
    "busy",
    "memory_wait",
    "bytes",
    "bytes_values",
    "bytes_indices",
    "bytes_results",
)


@dataclass(frozen=True)
class StepReport:
    """`rows` and `totals` of a step, as dictionaries with the keys of DEFINITIONS."""

    config: Config
    rows: list[dict[str, Any]]
    totals: dict[str, Any]


def step_report(costed: Sequence[Costed], dense: Sequence[Costed]) -> StepReport:
    """The report of a step's programs with their cost, all of one configuration.

    dense  those of the same step with method dense
    Raises ValueError for no programs or ones of several configurations, a cost that does not add up, and a utilisation
    above 100 %.
    """
    if not costed:
        raise ValueError("a report is of at least one program")
    config = costed[0][0].config
    for program, _ in (*costed, *dense):
        if program.config != config:
            raise ValueError(f"a report is of one configuration, not of {config.name} and {program.config.name}")
    rows = [_row(program, taken) for program, taken in costed]
    totals = {key: sum(row[key] for row in rows) for key in _SUMMED}
    for row in rows:
        row["share"] = row["cycles"] / totals["cycles"]
    totals["utilisation"] = totals["macs"] / (totals["cycles"] * config.elements)
    busy = sum(row["busy"] for row in rows if row["macs"])
    totals["filled"] = totals["macs"] / (busy * config.elements) if busy else 0.0
    totals["dense_cycles"] = sum(taken.cycles for _, taken in dense)
    totals["speedup"] = totals["dense_cycles"] / totals["cycles"]
    return StepReport(config, [_ordered(row) for row in rows], _ordered(totals))


def _row(program: Program, taken: Cost) -> dict[str, Any]:
    work = program.work
    if taken.busy + taken.waiting != taken.cycles:
        raise ValueError(f"busy {taken.busy} + waiting {taken.waiting} must be cycles, not {taken.cycles}: {work}")
    utilisation = program.macs / (taken.cycles * program.config.elements)
    if utilisation > 1:
        raise ValueError(f"utilisation must be at most 100 %, not {utilisation:.1%}: {work}")
    values, indices, results = program.bytes_moved
    moved = dict(bytes_values=round(values), bytes_indices=math.ceil(indices), bytes_results=results)
    m, k, n = work.shape
    return dict(
        layer=work.layer,
        stage=work.stage,
        m=m,
        k=k,
        n=n,
        count=work.count,
        sparsity=str(work.sparsity or "dense"),
        dataflow=program.dataflow,
        tile=program.tile,
        macs=program.macs,
        macs_skipped=work.macs + work.macs_skipped - program.macs,
        cycles=taken.cycles,
        utilisation=utilisation,
        filled=program.macs / (taken.busy * program.config.elements),
        busy=taken.busy,
        memory_wait=taken.waiting,
        bytes=sum(moved.values()),
        **moved,
    )


def _ordered(row: dict[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in DEFINITIONS if key in row}
