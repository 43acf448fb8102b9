"""A sample is spread over the step, depends on its seed alone, and has the values of the step."""

from collections import Counter

import numpy as np
import pytest

from cosim.check.sampler import Sampler, draw
from cosim.engines.functional import Functional
from cosim.exchange import Operands, Weights
from rtl.sat.config import PRESETS
from rtl.sigma.config import PRESETS as SIGMA_PRESETS
from rtl.sparsity import Sparsity
from tests.cosim.programs import RATES, scheduled
from tests.cosim.support import TINY, bits, normal
from tests.support.refused import refused
from tests.support.sigma import sparse
from tlm import Gemm, Update, make_plan, schedule, schedule_update, simulate
from tlm.step import programs
from tlm.workload.methods import Scheme
from tlm.workload.networks import layers
from tlm.workload.step import calls_of, whole_step

SMALL, SIGMA = PRESETS["small"], SIGMA_PRESETS["small"]


def step_of(network, method, batch=2, **sizes):
    step = whole_step(calls_of(layers(network, **sizes), batch), Scheme.of(method, 2, 8))
    return list(programs(step, SMALL, make_plan(step, SMALL)))


def pair(program):
    return program.work.layer, program.work.stage


def said(sample):
    return [(pair(piece.whole), piece.text) for piece in sample.pieces]


@pytest.fixture(scope="module")
def resnet():
    return step_of("resnet18", "bdwp", image=32)


def test_the_same_seed_draws_the_same_sample_and_another_seed_another(resnet):
    one, again, other = (draw(resnet, 30, seed) for seed in (1, 1, 2))
    assert said(one) == said(again) and set(said(one)) != set(said(other)) and len(set(said(one))) == 30


@pytest.mark.parametrize("method", ["bdwp", "sdgp"])
@pytest.mark.parametrize("network", ["cnn", "resnet18", "vit"])
def test_every_layer_and_stage_is_drawn_where_there_are_pieces_enough(network, method):
    step = step_of(network, method)
    pairs = set(map(pair, step))
    sample = draw(step, len(pairs), 3)
    assert {pair(piece.whole) for piece in sample.pieces} == pairs
    assert sample.pairs == sample.pairs_covered == len(sample.pieces) == len(pairs)
    more = draw(step, len(pairs) + 5, 3)
    assert more.pairs_covered == len(pairs) and len(set(said(more))) == len(pairs) + 5
    assert all(sample.programs[place] is piece.whole for place, piece in zip(sample.places, sample.pieces, strict=True))


def test_too_few_for_all_layers_are_shared_by_stages_and_dataflows(resnet):
    assert {program.dataflow for program in resnet} == {"os", "ws", "update", ""}
    sample = draw(resnet, 28, 4)
    kinds = Counter((piece.whole.work.stage, piece.whole.dataflow) for piece in sample.pieces)
    assert set(kinds) == {(program.work.stage, program.dataflow) for program in resnet}
    assert sample.pairs == len(set(map(pair, resnet))) and sample.pairs_covered == 28
    assert all(kinds[stage, "os"] >= 3 for stage in ("ff", "bp", "wu"))


def test_reductions_of_sdgp_and_products_of_attention_are_drawn():
    reductions = [
        piece
        for piece in draw(step_of("resnet18", "sdgp", image=32), 30, 5).pieces
        if piece.whole.work.stage == "reduce"
    ]
    products = [piece for piece in draw(step_of("vit", "bdwp"), 30, 5).pieces if piece.whole.work.count > 1]
    assert reductions and len({piece.item for piece in products}) > 1
    assert {piece.whole.work.stage for piece in products} == {"ff", "bp"}


def test_pieces_take_about_as_long_as_they_may(resnet):
    for piece in draw(resnet, 90, 6, longest=2000 * SMALL.elements).pieces:
        assert simulate(piece.program).cycles <= 2000 * 1.3


def small_step():
    """A layer that is called twice, a product of three items, and an update."""
    shared = Gemm(5, 24, 9, Sparsity(2, 8), "fp16", "conv", "ff")
    product = Gemm(3, 8, 4, layer="mix", stage="ff", count=3)
    update = Update(24, 9, 24, Sparsity(2, 8), True, True, layer="conv")
    return [
        schedule(shared, TINY),
        schedule(shared, TINY, "ws"),
        schedule(product, TINY),
        schedule_update(update, TINY),
    ]


def test_the_share_is_counted_by_hand():
    step = small_step()
    every = draw(step, 10**6, 0)
    assert every.macs == every.macs_covered == 2 * 5 * 6 * 9 + 3 * 3 * 8 * 4 == 828 and every.share == 1
    assert len(every.pieces) < every.asked == 10**6
    one = draw([schedule(Gemm(5, 24, 17, Sparsity(2, 8)), TINY)], 1, 0)  # blocks of 2 x 8
    (piece,) = one.pieces
    rows, columns = (1 if piece.row == 4 else 2), (1 if piece.column == 16 else 8)
    assert one.macs_covered == rows * 6 * columns and one.share == rows * 6 * columns / (5 * 6 * 17)


def test_a_sample_is_of_a_count_and_a_seed():
    step = small_step()
    for count in (0, 1.5, True, None):
        refused("sample must be a whole number from 1 on, not", draw, step, count, 0)
    for seed in (-1, None, 0.0):
        refused("seed must be a whole number from 0 on, not", draw, step, 1, seed)
    refused("sample must be a Sample", Sampler, Functional(SMALL), None)


def given(step, seed):
    """Operands of each program."""
    rng = np.random.default_rng(seed)
    for program in step:
        gemm = program.work
        if isinstance(gemm, Update):
            yield Weights(*rng.standard_normal((3, gemm.k, gemm.n)).astype(np.float32), RATES)
        else:
            count = (gemm.count,) if gemm.count > 1 else ()
            yield Operands(normal(rng, (*count, gemm.m, gemm.k)), normal(rng, (*count, gemm.k, gemm.n)))


def test_results_pass_through_and_the_pieces_have_the_values_of_their_own_call():
    step = small_step()
    sampler = Sampler(Functional(TINY), draw(step, 10**6, 0))
    for program, operands in zip(step, given(step, 1), strict=True):
        assert not sampler.complete
        result, report = sampler.run(program, operands)
        want, expected = Functional(TINY).run(program, operands)
        assert report == expected and np.array_equal(getattr(result, "weights", result), getattr(want, "weights", want))
    assert sampler.complete and len(sampler.kept) == len(sampler.sample.pieces)
    whole = list(given(step, 1))
    for place, (piece, operands, block) in zip(sampler.sample.places, sampler.kept, strict=True):
        for name, array in vars(piece.operands(whole[place])).items():
            assert np.array_equal(getattr(operands, name), array) or array is RATES
        again, _ = Functional(TINY).run(piece.program, operands)
        assert np.array_equal(bits(getattr(again, "weights", again)), bits(getattr(block, "weights", block)))


def test_a_second_step_replaces_the_first_and_work_that_is_not_of_the_sample_is_let_through():
    step = small_step()
    sampler = Sampler(Functional(TINY), draw(step, 10**6, 0))
    for seed in (1, 2):
        for program, operands in zip(step, given(step, seed), strict=True):
            sampler.run(program, operands)
    second = Sampler(Functional(TINY), sampler.sample)
    for program, operands in zip(step, given(step, 2), strict=True):
        second.run(program, operands)
    for one, other in zip(sampler.kept, second.kept, strict=True):
        arrays = zip(vars(one.operands).values(), vars(other.operands).values(), strict=True)
        assert all(np.array_equal(kept, new) for kept, new in arrays)
    before = len(sampler.kept)
    sampler.gemm(*np.ones((2, 4, 4), np.float16))
    assert len(sampler.kept) == before and sampler.complete


def made_for(operands, config=SIGMA):
    """The programs of two calls of one layer, made for their operands."""
    gemm = Gemm(9, 24, 20, layer="conv", stage="ff")
    return [(gemm, scheduled(gemm, one, config), one) for one in operands]


def test_programs_that_are_made_for_zeros_run_as_they_were_drawn_call_by_call():
    rng = np.random.default_rng(1)
    given = [Operands(sparse(rng, (9, 24), share), sparse(rng, (24, 20), 0.5)) for share in (0.2, 0.9)]
    calls = made_for(given)
    sampler = Sampler(Functional(SIGMA), draw([program for _, program, _ in calls], 10**6, 0))
    for gemm, program, one in calls:
        assert sampler.execute(gemm, one.a, one.b).program is program
    assert sampler.complete
    for place, (piece, operands, _) in zip(sampler.sample.places, sampler.kept, strict=True):
        assert np.array_equal(operands.a, piece.operands(given[place]).a)
    refused("the program must be made for the zeros of its operands", sampler.execute, gemm, *vars(given[1]).values())
    other = sampler.gemm(*np.ones((2, 4, 4), np.float16))
    assert other.program.gemm.layer == "" and len(sampler.kept) == len(sampler.sample.pieces)
