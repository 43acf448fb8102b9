"""What is printed of a comparison, and the same as data."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from rtl.sat.config import BEAT
from rtl.sat.timing import turnaround
from sat.columns import Column, counted, named, show, worded
from tests.peers.formula import Difference, held_rows
from tests.peers.gemms import BATCH, IMAGE, NETWORK
from tests.peers.run import CONFIG, Took

COLUMNS = [
    named("layer", "whose forward pass it is"),
    *(counted(key, "a size of the GEMM", 2) for key in ("m", "n", "k")),
    counted("scale_sim", "cycles by SCALE-Sim, which are those of its formula"),
    counted("lacking", "cycles that its own paper has beside these", 1),
    counted("sat", "cycles by sat cycles"),
    counted("difference", "sat - scale_sim = steps + fills + waits"),
    counted("steps", "SAT's steps less SCALE-Sim's", 1),
    counted("fills", "less those in which SCALE-Sim's array fills and empties", 1),
    counted("waits", "SAT's without a step: of loads, fills, drains and stores what other tiles do not hide", 1),
]
TOOK = [
    named("simulator", "who"),
    worded("dataflow", "what stays in the array"),
    Column("seconds", "from its process's start to its end", form="{:,.1f}".format),
    Column("processor", "of it in a processor", form="{:,.1f}".format),
    Column("megabytes", "the peak of its memory", form="{:,.0f}".format),
]
SUMMED = ("scale_sim", "lacking", "sat", "difference", "steps", "fills", "waits")
ROWS, COLUMNS_OF_ARRAY, SUMS = CONFIG.rows, CONFIG.columns, CONFIG.interleave
SKEW = BEAT * CONFIG.turn  # weight-stationary, dense: steps for each row of the result, and from a row of the array on
FILLS = "fills: SCALE-Sim's array fills and empties for each fold; in SAT the next tile loads and starts meanwhile"
WAITS = "waits: cycles of SAT without a step, the first load and the last store among them"
REASONS = {
    "os": (
        f"scale_sim: folds x (K + {ROWS} + {COLUMNS_OF_ARRAY} - 2) - 1 in every row, folds of {ROWS} x "
        f"{COLUMNS_OF_ARRAY} of the result: the last cycle's number, counted from 0",
        f"lacking: the array's {ROWS} rows for each fold. The bottom row's sums stand {ROWS - 1} cycles after the top "
        "one's, and leave no sooner; its paper has them, and its authors call the count an error (scale-sim-v3, issue "
        "4)",
        f"steps: an element of SAT takes a turn of {CONFIG.turn} cycles for its {SUMS} sums, so columns of the result "
        f"come by {CONFIG.tile_columns} at a time, and some turns are partly empty; SCALE-Sim's come by "
        f"{COLUMNS_OF_ARRAY}",
        FILLS,
        WAITS,
    ),
    "ws": (
        f"scale_sim: folds x (M + 2 x {ROWS} + {COLUMNS_OF_ARRAY} - 2) - 1 in every row, folds of {ROWS} x "
        f"{COLUMNS_OF_ARRAY} of the weights: nothing is lacking",
        f"steps: an element of SAT holds {BEAT} weights for each of its {SUMS} sums, so weights come by "
        f"{held_rows(CONFIG) * BEAT} x {CONFIG.tile_columns} at a time, and some elements' are none; SCALE-Sim's come "
        f"by {ROWS} x {COLUMNS_OF_ARRAY}",
        FILLS,
        f"{WAITS}; and a tile, which has {SKEW} steps for each row of the result, starts no sooner than "
        f"{turnaround(ROWS, SKEW)} cycles after the one before, whose sums come back from below",
    ),
}


def totals(lines: Sequence[Difference]) -> dict[str, int]:
    """Sums of both counts and of the parts of their difference."""
    return {key: sum(line.as_data()[key] for line in lines) for key in SUMMED}


def print_report(to: Console, dataflow: str, lines: Sequence[Difference], took: dict[str, Took]) -> None:
    """A row for each GEMM, why the counts differ, and what either simulator took."""
    heading = f"{NETWORK}'s forward pass, {IMAGE} x {IMAGE}, batch {BATCH}, on {ROWS} x {COLUMNS_OF_ARRAY}, {dataflow}"
    foot = [totals(lines) | dict(layer="sum")]
    show(to, f"Cycles of {heading}, dense, no memory in the way", COLUMNS, [line.as_data() for line in lines], foot)
    for reason in REASONS[dataflow]:
        to.print(f"- {reason}")
    show(to, f"Time and memory for {heading}", TOOK, _took(dataflow, took))
    first, last = took.values()
    to.print(
        f"SCALE-Sim takes {first.processor / last.processor:,.0f} times the processor time, and "
        f"{first.megabytes / last.megabytes:,.0f} times the memory; "
        "sat cycles costs the backward passes and the weight updates, too"
    )


def as_data(found: dict[str, tuple[Sequence[Difference], dict[str, Took]]]) -> dict[str, Any]:
    """The same content as data, by dataflow."""
    return dict(
        network=NETWORK,
        image=IMAGE,
        batch=BATCH,
        config=CONFIG.model_dump(),
        dataflows={
            name: dict(
                rows=[line.as_data() for line in lines],
                totals=totals(lines),
                took=_took(name, took),
                reasons=list(REASONS[name]),
            )
            for name, (lines, took) in found.items()
        },
    )


def _took(dataflow: str, took: dict[str, Took]) -> list[dict[str, Any]]:
    return [dict(simulator=name, dataflow=dataflow, **vars(one)) for name, one in took.items()]
