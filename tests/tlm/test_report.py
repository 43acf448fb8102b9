"""The report of a step: what it adds up, and what it refuses."""

import re

import pytest

from rtl.sat.config import PRESETS
from rtl.sparsity import Sparsity
from tlm import Gemm, Update, make_plan, schedule
from tlm.report import DEFINITIONS, step_report
from tlm.step import cost

SMALL = PRESETS["small"]


def report_of(gemms, dense=None):
    return step_report(cost(gemms, SMALL), cost(dense or gemms, SMALL))


def test_bytes_by_hand():
    # 4 x 8 x 4 at 2:8 is one tile: 32 activations and 8 kept weights of 2 bytes, 8 indices of 3 bits, 16 results.
    gemm = Gemm(4, 8, 4, Sparsity(2, 8), "fp16", "layer", "ff")
    row = report_of([gemm]).rows[0]
    assert (row["bytes_values"], row["bytes_indices"], row["bytes_results"]) == (2 * (32 + 8), 3, 2 * 16)
    assert row["bytes"] == 80 + 3 + 32 and (row["macs"], row["macs_skipped"]) == (32, 96)


def test_results_of_several_chunks_are_written_once_and_tiles_that_are_not_full_cost_what_they_hold():
    row = report_of([Gemm(4, 128, 4)]).rows[0]
    assert row["bytes_results"] == 64
    slow = SMALL.model_copy(update={"read_bytes_per_cycle": 1})
    program = schedule(Gemm(1, 16, 7, Sparsity(2, 8)), slow)
    # One row of 16, 7 columns of 4 kept weights, 2 bytes each; 28 indices of 3 bits: 32 + 56 + 10.5 bytes.
    assert [program.read_cycles(tile) for tile in program.tiles()] == [SMALL.memory_latency + 99]


def test_filled_and_busy_explain_utilisation():
    row = report_of([Gemm(3, 40, 18)]).rows[0]
    assert row["filled"] == 3 * 40 * 18 / (16 * row["busy"]) < 1
    assert row["utilisation"] == pytest.approx(row["filled"] * row["busy"] / row["cycles"])


def test_shares_sum_to_one_and_totals_have_the_rows_sums():
    gemms = [Gemm(9, 40, 18, Sparsity(2, 8), layer="a"), Gemm(5, 7, 3, layer="b")]
    report = report_of(gemms, [Gemm(9, 40, 18), Gemm(5, 7, 3)])
    assert sum(row["share"] for row in report.rows) == pytest.approx(1)
    assert report.totals["cycles"] == sum(row["cycles"] for row in report.rows)
    assert report.totals["speedup"] == report.totals["dense_cycles"] / report.totals["cycles"]
    assert report.totals["utilisation"] == (report.totals["macs"] / report.totals["cycles"]) / 16


def test_every_key_has_a_definition_and_every_definition_a_key():
    report = report_of([Gemm(2, 2, 2)])
    assert [*report.rows[0], "dense_cycles", "speedup"] == list(DEFINITIONS)
    assert list(report.totals) == [key for key in DEFINITIONS if key in report.totals]


@pytest.mark.parametrize("place", ["update", "use"])
def test_every_stage_and_dataflow_of_a_step_is_named_in_its_definition(place):
    pattern = Sparsity(2, 8)
    step = [
        *(Gemm(9, 16, 8, pattern, layer="one", stage=stage) for stage in ("ff", "bp", "wu")),
        Update(16, 8, 16, pattern, True, True, layer="one"),
        Update(1, 8, 1, layer="one.bias"),
    ]
    runs = cost(step, SMALL, make_plan(step, SMALL, generations=(place,)))
    rows = step_report(runs, runs).rows
    named = {key: set(re.findall(r"\w+", DEFINITIONS[key])) for key in ("stage", "dataflow")}
    assert {row["stage"] for row in rows} <= named["stage"] and ("reduce" in {row["stage"] for row in rows}) == (
        place == "use"
    )
    flows = {row["dataflow"] for row in rows}
    assert flows - {""} <= named["dataflow"] and {"", place} <= flows and "empty" in named["dataflow"]


def test_the_bytes_of_an_update_are_defined():
    reads, writes = DEFINITIONS["bytes_values"], DEFINITIONS["bytes_results"]
    assert all(word in reads for word in ("FP32 masters", "velocities", "gradients"))
    assert all(word in writes for word in ("masters", "velocities", "FP16 weights", "copies"))


@pytest.mark.parametrize(
    "busy, gemm, words",
    [
        (101, Gemm(2, 2, 2), "busy 101 [+] waiting 0 must be cycles, not 100"),
        (100, Gemm(64, 64, 64), "utilisation must be at most 100 %, not 16384.0%"),
    ],
)
def test_a_cost_that_cannot_be_is_refused(busy, gemm, words):
    class Wrong:
        cycles, waiting = 100, 0

    Wrong.busy = busy
    with pytest.raises(ValueError, match=words):
        step_report([(schedule(gemm, SMALL), Wrong())], [])
