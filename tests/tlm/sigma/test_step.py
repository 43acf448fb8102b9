"""A training step on SIGMA: a program for each GEMM, as the scheduler chooses it; updates stay with the host."""

import pytest
from tlm.sigma.step import cost_on_sigma, densities

from rtl.sigma.config import PRESETS
from rtl.sparsity import Sparsity
from tlm import Gemm, Update, simulate
from tlm.report import step_report
from tlm.sigma.scheduler import best_sigma_mapping

SMALL = PRESETS["small"]
STEP = [
    Gemm(64, 64, 16, Sparsity(2, 8), "fp16", "one", "ff"),
    Gemm(64, 16, 64, None, "fp16", "one", "bp"),
    Update(64, 16, 64),
    Gemm(64, 64, 16, Sparsity(2, 8), "fp16", "two", "ff"),
]


def test_densities_are_those_of_what_is_kept_of_the_weights():
    assert [densities(gemm) for gemm in STEP if isinstance(gemm, Gemm)] == [(1.0, 0.25), (1.0, 1.0), (1.0, 0.25)]


def test_each_gemm_is_costed_by_its_best_program_and_updates_are_left_out():
    runs = cost_on_sigma(STEP, SMALL)
    assert [(program.gemm.layer, program.gemm.stage) for program, _ in runs] == [
        ("one", "ff"),
        ("one", "bp"),
        ("two", "ff"),
    ]
    for program, taken in runs:
        best, cycles = best_sigma_mapping(program.gemm, SMALL, densities(program.gemm))
        assert program == best and taken.cycles == cycles == simulate(program).cycles
        assert taken.busy + taken.waiting == taken.cycles


def test_one_operand_can_be_made_to_stay_in_all():
    free = sum(taken.cycles for _, taken in cost_on_sigma(STEP, SMALL))
    for name in ("mk", "kn"):
        runs = cost_on_sigma(STEP, SMALL, name)
        assert {program.dataflow for program, _ in runs} == {name}
        assert sum(taken.cycles for _, taken in runs) >= free
    with pytest.raises(ValueError, match="^the stationary operand must be one of mk, kn, not 'os'$"):
        cost_on_sigma(STEP, SMALL, "os")


def test_its_runs_make_a_report():
    runs = cost_on_sigma(STEP, SMALL)
    report = step_report(runs, runs)
    rows = report.rows
    assert [row["macs"] for row in rows] == [64 * 16 * 16, 64 * 16 * 64, 64 * 16 * 16]
    assert [row["macs"] + row["macs_skipped"] for row in rows] == [64 * 64 * 16] * 3
    assert report.totals["cycles"] == sum(taken.cycles for _, taken in runs) and report.totals["speedup"] == 1
    assert all(row["dataflow"] in ("mk", "kn") and row["utilisation"] <= row["filled"] <= 1 for row in rows)
