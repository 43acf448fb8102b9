"""Wrong combinations that ran once, each named by what had happened: now each works, or is one clear error."""

from dataclasses import replace

import numpy as np
import pytest

import cosim
from cosim.check.sampler import draw
from cosim.engines.functional import Functional
from rtl.golden import gemm as golden
from rtl.sat.config import PRESETS, SystolicConfig
from rtl.sigma.config import PRESETS as SIGMAS
from tests.cosim.support import HARDWARE, normal, operands
from tests.support.sigma import sparse
from tlm import Gemm, Mapping, make_plan, schedule, schedule_update, simulate
from tlm.sat.plan import Plan
from tlm.sigma.program import schedule_sigma
from tlm.sigma.zeros import ExactZeros, UniformDensity
from tlm.step import cost, programs
from tlm.update import Update
from tlm.workload.methods import Scheme
from tlm.workload.networks import layers
from tlm.workload.step import calls_of, whole_step

SMALL, MEDIUM, SIGMA = PRESETS["small"], PRESETS["medium"], SIGMAS["small"]
ENGINES = ["functional", *HARDWARE]


def given(m, k, n, seed=1):
    rng = np.random.default_rng(seed)
    return sparse(rng, (m, k), 0.5), sparse(rng, (k, n), 0.5)


@pytest.mark.parametrize("name", ENGINES)
def test_sums_were_up_to_18_9_wrong_with_a_program_for_the_zeros_of_other_operands(name):
    engine, (a, b) = cosim.engine(name, SIGMA), given(9, 20, 11)
    program = cosim.engine("functional", SIGMA).gemm(*given(9, 20, 11, seed=2)).program
    with pytest.raises(ValueError, match="^the program must be made for the zeros of its operands, not for zeros in"):
        engine.perform(program, a, b)


def test_752_cycles_instead_of_3946_were_told_of_zeros_that_were_not_transposed():
    a, b = given(40, 96, 24)
    with pytest.raises(ValueError, match=r"must be of shapes \(1, 24, 96\) and \(1, 96, 40\), not .*both operands are"):
        schedule_sigma(Gemm(40, 96, 24), SIGMA, ExactZeros.of(a, b), "kn")
    program = schedule_sigma(Gemm(40, 96, 24), SIGMA, ExactZeros.of(b.T, a.T), "kn")
    assert simulate(program).cycles == Functional(SIGMA).perform(program, a, b).cycles


def test_square_zeros_that_are_not_transposed_are_refused_with_their_operands():
    a, b = given(12, 12, 12)
    program = schedule_sigma(Gemm(12, 12, 12), SIGMA, ExactZeros.of(a, b), "kn")
    with pytest.raises(ValueError, match="^the program must be made for the zeros of its operands, not for zeros in"):
        Functional(SIGMA).perform(program, a, b)


@pytest.mark.parametrize("name", ENGINES)
def test_a_program_of_medium_hung_on_small_or_took_the_cycles_of_medium(name):
    program, engine = schedule(Gemm(9, 40, 18), MEDIUM), cosim.engine(name, SMALL)
    with pytest.raises(ValueError, match="^the program is for another configuration: rows must be 4, not 8$"):
        engine.perform(program, *operands(9, 40, 18))


def step_of(batch: int):
    return whole_step(calls_of(layers("cnn"), batch), Scheme.of("bdwp", 2, 8))


@pytest.mark.parametrize("of", [SMALL, MEDIUM], ids=lambda config: config.name)
def test_a_plan_was_taken_on_another_configuration_or_accelerator(of):
    """Its own alone will do, as with --plan: a name is part of it, too."""
    plan, outcomes = make_plan(step_of(2), of), []
    others = [SMALL.model_copy(update=change) for change in (dict(rows=5), dict(name="x"), dict(memory_latency=1))]
    for config in (SMALL, MEDIUM, *others, SystolicConfig.of(SMALL), SIGMA):
        for batch in (2, 3):
            try:
                outcomes.append(check_planned(plan, config, batch))
            except ValueError as error:
                assert str(error).startswith("the plan is for a") and " not " in str(error), error
                outcomes.append("refused")
    assert (outcomes.count("ran"), outcomes.count("refused")) == (2, 12)


def check_planned(plan: Plan, config, batch: int) -> str:
    """'ran', after each program was mapped as the plan says, or by default, and takes the cycles that are told."""
    work = step_of(batch)
    for (program, told), other in zip(cost(work, config, plan), programs(work, config, plan), strict=True):
        assert program == other and program.config == plan.config and told.cycles == simulate(program).cycles
        if isinstance(program.work, Gemm):
            mapping = plan.mapping(program.work)
            assert program == schedule(program.work, config, mapping)
            assert isinstance(mapping, Mapping) == (batch == 2)
    return "ran"


def test_a_planned_step_gives_the_same_bits_in_the_cycles_of_the_plan():
    plan, rng = make_plan(step_of(2), SMALL), np.random.default_rng(2)
    engine, ran = Functional(SMALL), 0
    for program in programs(step_of(2), SMALL, plan):
        if isinstance(program.work, Gemm) and program.work.macs < 1e6 and not program.work.sparsity:
            (m, k, n), cycles = program.work.shape, simulate(program).cycles
            a, b = normal(rng, (m, k)), normal(rng, (k, n))
            result = engine.perform(program, a, b)
            assert result.cycles == cycles and np.array_equal(result.c, golden(a, b).astype(result.c.dtype))
            ran += 1
    assert ran >= 2


@pytest.mark.parametrize("name", ENGINES)
def test_a_program_costed_from_densities_was_an_attribute_error(name):
    program = schedule(Gemm(9, 20, 11), SIGMA, "mk")
    assert isinstance(program.zeros, UniformDensity) and simulate(program).cycles > 0
    with pytest.raises(
        ValueError, match=r"^a program that runs must be made for the zeros .*, not for densities: Unif"
    ):
        cosim.engine(name, SIGMA).perform(program, *given(9, 20, 11))


def test_cost_and_schedule_of_sigma_were_attribute_errors_and_work():
    gemm = Gemm(16, 64, 24, layer="fc", stage="ff")
    ((program, told),) = cost([gemm, Update(64, 24, 64, layer="fc")], SIGMA)
    assert program == schedule(gemm, SIGMA) and told.cycles == simulate(program).cycles > 0


def test_a_plan_and_a_sample_of_sigma_were_attribute_errors_and_are_one_line():
    with pytest.raises(ValueError, match="^a plan must be for a SatConfig, not for a SigmaConfig$"):
        make_plan(step_of(2), SIGMA)
    with pytest.raises(ValueError, match="^a program that runs must be made for the zeros of its operands "):
        draw([schedule(Gemm(16, 64, 24), SIGMA)], 3, 1)


@pytest.mark.parametrize(
    "change, text",
    [
        (dict(mapping=Mapping("os", 9, 9, 16)), r"rows of a tile must be from 1 to 4 \(os, small\), not 9"),
        (dict(mapping="os"), "mapping of a program must be a Mapping, not a str"),
        (dict(mapping=Mapping("os", 2, 2, 6)), "depth of a tile must be a multiple of the group's 4, not 6"),
        (dict(config=SIGMA), "a program of SAT must be for a SatConfig, not for a SigmaConfig"),
        (dict(gemm=Update(8, 8, 8)), "gemm of a program must be a Gemm, not a Update"),
        (dict(memory=None), "memory of a program must be a Memory, not a NoneType"),
    ],
    ids=str,
)
def test_a_program_whose_parts_were_replaced_by_others_that_do_not_fit_ran(change, text):
    with pytest.raises(ValueError, match=f"^{text}$"):
        replace(schedule(Gemm(9, 40, 18), SMALL), **change)


def test_so_did_one_of_sigma_and_an_update():
    a, b = given(9, 20, 11)
    program = schedule_sigma(Gemm(9, 20, 11), SIGMA, ExactZeros.of(a, b), "mk")
    for change in (dict(gemm=Gemm(8, 20, 11)), dict(zeros=None), dict(config=SMALL), dict(mapping="mk")):
        with pytest.raises(ValueError, match=r"must be .*\bnot\b"):
            replace(program, **change)
    with pytest.raises(ValueError, match="^SIGMA updates no weights and makes no copies"):
        schedule_update(Update(8, 8, 8), SIGMA)
