"""SIGMA's row: the programs that it schedules, its best ones, and the formula of its paper."""

import numpy as np
import pytest

from rtl.sigma.config import PRESETS
from rtl.sparsity import Sparsity
from tests.support.memories import BURST
from tlm import Gemm, schedule, simulate
from tlm.published.sigma import sigma_cycles
from tlm.sigma.mapping import STATIONARY, SigmaMapping
from tlm.sigma.program import schedule_sigma
from tlm.sigma.row import SIGMA, best
from tlm.sigma.scheduler import MARGIN, best_sigma_mapping
from tlm.sigma.zeros import ExactZeros, UniformDensity

SMALL = PRESETS["small"]
GEMM = Gemm(30, 40, 50, Sparsity(2, 8), "fp16")
ZEROS = ExactZeros.of(np.ones((30, 40)), np.eye(40, 50))


@pytest.mark.parametrize("memory", [None, BURST], ids=["rates", "bursts"])
def test_without_zeros_a_name_or_none_stands_for_the_best_blocks_of_a_training_step(memory):
    assert schedule(GEMM, SMALL, memory=memory) == best_sigma_mapping(GEMM, SMALL, memory=memory)[0]
    for name in STATIONARY:
        program, _ = best_sigma_mapping(GEMM, SMALL, stationary=(name,), memory=memory)
        assert schedule(GEMM, SMALL, name, memory=memory) == program


def test_without_zeros_a_mapping_is_followed_with_the_densities_of_a_training_step():
    for stationary, zeros in (("mk", UniformDensity(1.0, 0.25)), ("kn", UniformDensity(0.25, 1.0))):
        mapping = SigmaMapping(stationary, 3, 8)
        assert schedule(GEMM, SMALL, mapping) == schedule_sigma(GEMM, SMALL, zeros, mapping)


def test_with_zeros_a_name_stands_for_the_largest_blocks():
    for mapping in ("mk", SigmaMapping("mk", 3, 9)):
        assert schedule(GEMM, SMALL, mapping, zeros=ZEROS) == schedule_sigma(GEMM, SMALL, ZEROS, mapping)


@pytest.mark.parametrize(
    "mapping, complaint",
    [
        (None, "a program for given zeros needs a mapping: one of mk, kn, or a SigmaMapping"),
        (
            "kn",
            r"zeros of the stationary and the streamed operand must be of shapes \(1, 50, 40\) and \(1, 40, 30\), .*",
        ),
        (SigmaMapping("mk", 9, 8), r"rows of a block must be from 1 to 8 \(small\), not 9"),
    ],
)
def test_zeros_need_a_mapping_whose_sides_they_have(mapping, complaint):
    with pytest.raises(ValueError, match=f"^{complaint}$"):
        schedule(GEMM, SMALL, mapping, zeros=ZEROS)


def test_the_best_program_has_a_margin_where_zeros_fall_by_chance():
    for by_chance, margin in ((False, 0.0), (True, MARGIN)):
        found = best(GEMM, SMALL, ("mk",), densities=(0.5, 0.5), by_chance=by_chance, memory=BURST)
        assert found == best_sigma_mapping(GEMM, SMALL, (0.5, 0.5), ("mk",), margin, BURST)
        assert found[0].zeros == UniformDensity(0.5, 0.5, margin) and found[1] == simulate(found[0]).cycles


def test_it_has_no_unit_for_updates_and_no_plans():
    assert SIGMA.schedule_update is None and not SIGMA.counts_updates and not SIGMA.plans and SIGMA.skips_zeros


def test_its_formula_is_that_of_the_paper_for_its_lanes_and_multipliers():
    program = schedule(Gemm(30, 40, 50, count=3), SMALL, SigmaMapping("kn", 3, 8))
    expected = sigma_cycles(m=50, n=30, k=40, density=1.0, words_per_cycle=8, elements=16)
    assert SIGMA.formula.cycles(program) == 3 * expected.total and not SIGMA.formula.compared
