"""The choice of the stationary operand and of blocks: its true cost, and no worse than the obvious choices."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.sat.config import PRESETS as SAT
from rtl.sigma.config import PRESETS
from rtl.sparsity import Sparsity
from tests.support.memories import BURST
from tests.support.properties import few
from tests.support.sigma import configurations
from tlm import Gemm, simulate
from tlm.feature_map import FeatureMap
from tlm.memory import ConstantRates, memory_of
from tlm.sigma.mapping import STATIONARY, SigmaMapping, mapping_of
from tlm.sigma.program import schedule_sigma
from tlm.sigma.scheduler import best_sigma_mapping
from tlm.sigma.zeros import UniformDensity

SMALL = PRESETS["small"]
SLOW = ConstantRates(0, 3, 0.1, 1 / 64)
SHARES = st.sampled_from([0.05, 0.25, 0.5, 1.0])


def cycles_of(gemm, config, mapping, densities=(1.0, 1.0), memory=None):
    stationary = mapping if isinstance(mapping, str) else mapping.stationary
    spread = UniformDensity(*densities) if stationary == "mk" else UniformDensity(*reversed(densities))
    return simulate(schedule_sigma(gemm, config, spread, mapping, memory)).cycles


@few(60)
@given(configurations(), st.tuples(*[st.integers(1, 60)] * 3), SHARES, SHARES)
def test_the_cycles_are_the_programs_own_and_it_fits(config, shape, of_a, of_b):
    gemm = Gemm(*shape)
    program, cycles = best_sigma_mapping(gemm, config, (of_a, of_b))
    assert program.mapping == mapping_of(config, program.mapping) and program.gemm == gemm
    assert cycles == cycles_of(gemm, config, program.mapping, (of_a, of_b)) == simulate(program).cycles
    for name in STATIONARY:
        one, fewest = best_sigma_mapping(gemm, config, (of_a, of_b), (name,))
        assert one.dataflow == name and fewest >= cycles


@pytest.mark.parametrize("name", ["small", "medium", "vcu1525"])
@pytest.mark.parametrize("shape", [(64, 256, 256), (512, 64, 9), (9, 300, 1000), (1, 1, 1), (100, 1000, 100)], ids=str)
@pytest.mark.parametrize("densities", [(1.0, 1.0), (1.0, 0.25), (0.3, 0.7)], ids=str)
def test_it_takes_no_more_cycles_than_the_largest_blocks_of_either_operand(name, shape, densities):
    gemm, config = Gemm(*shape), PRESETS[name]
    _, cycles = best_sigma_mapping(gemm, config, densities)
    assert cycles <= min(cycles_of(gemm, config, stationary, densities) for stationary in STATIONARY)


def test_rows_that_fill_the_flex_dpes_are_better_than_the_most_rows():
    """With 3 values a row and 8 rows, 24 of 2 folds' 32 lanes would be filled; 5 rows fill 15 of 16."""
    gemm = Gemm(5 * 8, 3, 64)
    program, cycles = best_sigma_mapping(gemm, SMALL, stationary=("mk",))
    assert program.mapping.rows < 8 and cycles < cycles_of(gemm, SMALL, "mk")


def test_the_sparse_operand_stays():
    gemm = Gemm(256, 256, 256)
    assert best_sigma_mapping(gemm, SMALL, (1.0, 0.125))[0].dataflow == "kn"
    assert best_sigma_mapping(gemm, SMALL, (0.125, 1.0))[0].dataflow == "mk"


def test_gemms_that_differ_in_their_sources_alone_take_their_own_cycles():
    source = FeatureMap(1, 16, 16, 16, (3, 3), (1, 1), (1, 1), (1, 1), (16, 16))
    config = SMALL.model_copy(update=dict(read_bytes_per_cycle=1.0, buffer_kib=10_000))
    (_, matrix), (_, images) = (best_sigma_mapping(Gemm(256, 144, 16, source=one), config) for one in (None, source))
    assert images < matrix


def test_a_block_along_one_dimension_needs_no_order():
    program, _ = best_sigma_mapping(Gemm(8, 64, 64), SMALL, stationary=("mk",))
    assert program.mapping == SigmaMapping("mk", 8, 64, "rows")


def test_the_name_of_no_operand_is_refused():
    with pytest.raises(ValueError, match="^the stationary operand must be one of mk, kn, not 'os'$"):
        best_sigma_mapping(Gemm(8, 64, 64), SMALL, stationary=("mk", "os"))


@pytest.mark.parametrize(
    "config, stationary, complaint",
    [
        (SMALL, (), "the operands that may stay must be some of mk, kn, not none"),
        (SAT["small"], ("mk",), "a program of SIGMA must be for a SigmaConfig, not for a SatConfig"),
    ],
)
def test_there_must_be_an_operand_that_may_stay_and_a_sigma(config, stationary, complaint):
    with pytest.raises(ValueError, match=f"^{complaint}$"):
        best_sigma_mapping(Gemm(8, 64, 64), config, stationary=stationary)


@pytest.mark.parametrize("memory", [None, BURST, SLOW], ids=["rates", "bursts", "slow"])
def test_without_densities_those_of_a_training_step_are_taken_and_the_memory_is_asked(memory):
    gemm = Gemm(30, 40, 50, Sparsity(2, 8), "fp16", "one", "ff")
    program, cycles = best_sigma_mapping(gemm, SMALL, memory=memory)
    assert program.gemm == gemm and program.memory == (memory or memory_of(SMALL))
    assert program.zeros.shares == ((0.25, 1.0) if program.dataflow == "kn" else (1.0, 0.25))
    assert cycles == simulate(program).cycles <= cycles_of(gemm, SMALL, "kn", (1.0, 0.25), memory)
    assert (
        replace(program, gemm=replace(gemm, layer=""))
        == best_sigma_mapping(replace(gemm, layer=""), SMALL, memory=memory)[0]
    )
