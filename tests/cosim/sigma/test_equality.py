"""The contract on SIGMA: the RTL and its Verilog give the functional engine's bits and the model's cycles."""

import numpy as np
import pytest

import cosim
from cosim import Operands
from cosim.check.checker import Checker
from rtl.sigma.config import SigmaConfig
from tests.cosim.programs import scheduled
from tests.cosim.support import HARDWARE, VALUES, bits, queued
from tests.support.marks import first_now
from tests.support.sigma import sparse
from tests.support.sigma_configs import any_config, any_mapping
from tests.support.sigma_programs import KN, MK
from tlm import Gemm, simulate
from tlm.sigma.mapping import SigmaMapping
from tlm.sigma.program import NOTHING

PAPER = SigmaConfig(name="walk-through", engines=2, lanes=4, results=4, rows=4, columns=8)
FAST = dict(memory_latency=0, read_bytes_per_cycle=1e6, write_bytes_per_cycle=1e6)
TINY = SigmaConfig(name="tiny-sigma", engines=2, lanes=4, results=3, rows=3, columns=8, **FAST)


def equal(engine, a, b, **options):
    """Run a GEMM on the engine; bits must be the functional engine's, and cycles the model's."""
    checker = Checker(engine)
    result = checker.gemm(a, b, **options)
    (verdict,) = checker.checked
    assert verdict.equal and verdict.cycles == result.cycles == sum(result.tiles)
    assert result.report.busy + result.report.waiting == result.cycles and result.report.idle == 0
    assert len(result.tiles) == len(list(result.program.tiles()))
    return result


def drawn(rng, shape, of_a, of_b, operands="fp16"):
    (m, k, n) = shape
    return sparse(rng, (m, k), of_a, operands), sparse(rng, (k, n), of_b, operands)


@pytest.mark.parametrize("name", ["functional", *HARDWARE])
def test_the_papers_walk_through(name):
    a, b = (np.where(side, np.arange(1, side.size + 1).reshape(side.shape), 0).astype(np.float16) for side in (MK, KN))
    result = equal(cosim.engine(name, PAPER), a, b, mapping="mk")
    assert np.array_equal(result.c, a.astype(np.float32) @ b.astype(np.float32))
    (tile,) = result.program.tiles()
    assert (tile.fold.values, tile.fold.engines, tile.fold.spans) == (8, 2, (False, True))


@pytest.mark.parametrize("name", HARDWARE)
@pytest.mark.parametrize("mapping", ["mk", "kn"])
def test_blocks_with_nothing_that_stays_store_zeros_between_others(name, mapping):
    rng = np.random.default_rng(1)
    a, b = drawn(rng, (9, 10, 9), 0.8, 0.8)
    a[3:6] = b[:, 3:6] = 0
    result = equal(cosim.engine(name, TINY), a, b, mapping=mapping)
    folds = [tile.fold for tile in result.program.tiles()]
    assert NOTHING in folds[1:-1] and result.c.any()
    assert not bits(result.c[3:6]).any() and not bits(result.c[:, 3:6]).any()


def test_operands_of_zeros_alone():
    zeros = np.zeros((5, 12), np.float16)
    result = equal(cosim.engine("icarus", TINY), zeros, zeros.T, mapping="mk")
    assert not bits(result.c).any() and result.c.size == 25 and len(result.tiles) == 2


@pytest.mark.parametrize(
    "memory",
    [
        dict(FAST),
        dict(FAST, memory_latency=300),
        dict(FAST, read_bytes_per_cycle=0.25),
        dict(FAST, write_bytes_per_cycle=0.25),
        dict(memory_latency=40, read_bytes_per_cycle=0.5, write_bytes_per_cycle=0.5, buffer_kib=1),
    ],
    ids=str,
)
def test_memory_fast_late_and_starved(memory):
    config = TINY.model_copy(update=memory)
    result = equal(cosim.engine("icarus", config), *drawn(np.random.default_rng(2), (7, 11, 17), 0.7, 0.7))
    assert len(result.report.stores) >= 4 and len(result.tiles) >= 12
    assert queued(result.program) == (5 if config.write_bytes_per_cycle < 1 else 0)


def test_starved_in_myhdl():
    config = TINY.model_copy(update=dict(memory_latency=20, read_bytes_per_cycle=1.0, write_bytes_per_cycle=1.0))
    assert len(equal(cosim.engine("myhdl", config), *drawn(np.random.default_rng(3), (4, 9, 10), 0.7, 0.7)).tiles) > 4


def test_flex_dpes_that_have_all_their_results_before_they_are_full():
    """Rows of a value each: three fill a Flex-DPE of eight lanes."""
    config = SigmaConfig(engines=3, lanes=8, results=3, rows=16, columns=8, **FAST)
    a = np.zeros((16, 16), np.float16)
    a[np.arange(16), np.arange(16)] = np.arange(1, 17)
    b = sparse(np.random.default_rng(4), (16, 9), 1.0)
    result = equal(cosim.engine("icarus", config), a, b, mapping="mk")
    assert np.array_equal(result.c, a.astype(np.float32) @ b.astype(np.float32))
    assert max(tile.fold.values for tile in result.program.tiles()) == 8 < config.elements


@pytest.mark.parametrize("name", HARDWARE)
def test_blocks_of_fewer_columns_than_a_sum_takes_cycles(name):
    """Each tile waits for its own sums of the tile before."""
    result = equal(cosim.engine(name, TINY), *drawn(np.random.default_rng(5), (4, 14, 2), 0.9, 0.9), mapping="mk")
    tiles = len(result.tiles)
    assert tiles > 6 and result.report.busy == tiles * TINY.turn


def test_blocks_back_to_back_with_both_sets_of_sums_and_both_banks_in_use():
    """The next block computes while the one before is stored, and the one after that is loaded."""
    config = SigmaConfig(engines=1, lanes=2, results=2, rows=2, columns=40, **FAST)
    both = Operands(*drawn(np.random.default_rng(6), (8, 4, 80), 1.0, 1.0))
    program = scheduled(Gemm(8, 4, 80), both, config, SigmaMapping("mk", 2, 40))
    spans, tiles = simulate(program).spans, list(program.tiles())
    overlapping = [
        i
        for i in range(len(tiles) - 3)
        if tiles[i].last
        and tiles[i + 1].first
        and spans[i + 1].compute_start < spans[i].store_end
        and spans[i + 2].load_start < spans[i].store_end
    ]
    assert len(overlapping) >= 3 and sum(tile.last for tile in tiles) == 8
    checker = Checker(cosim.engine("icarus", config))
    checker.run(program, both)
    assert checker.checked[0].equal


def test_folds_that_share_streamed_words_beside_chunks_that_do_not():
    a, b = drawn(np.random.default_rng(7), (3, 16, 20), 1.0, 1.0)
    a[:, 4:8] *= np.array([[1], [0], [0]], np.float16)  # this chunk is one fold; the others take two
    result = equal(cosim.engine("icarus", TINY), a, b, mapping="mk")
    shared = [True, False]
    assert [tile.loads_stream for tile in result.program.tiles() if tile.column == 0] == [
        *shared,
        True,
        *shared,
        *shared,
    ]


@pytest.mark.parametrize("operands, mapping", [("fp16", "mk"), ("fp16", "kn"), ("bf16", "mk"), ("bf16", "kn")])
@pytest.mark.parametrize("output", ["fp32", "fp16"])
def test_infinities_nan_and_overflow(operands, output, mapping):
    rng = np.random.default_rng(8)
    config = TINY.model_copy(update=dict(operands=operands))
    a, b = drawn(rng, (6, 20, 9), 0.7, 0.7, operands)
    a[1, 3], a[2, 4], b[5, 2], b[7, 3], b[4] = np.inf, -np.inf, np.nan, np.inf, a.dtype.type(2)
    result = equal(cosim.engine("icarus", config), a, b, mapping=mapping, output=output)
    assert np.isnan(result.c).any() and np.isinf(result.c).any() and result.report.overflow == (output == "fp32")


@pytest.mark.parametrize("kind", VALUES)
def test_every_kind_of_value(kind):
    rng = np.random.default_rng(9)
    a, b = VALUES[kind](rng, (5, 13)), VALUES[kind](rng, (13, 9))
    for mapping, output in (("mk", "fp16"), ("kn", "fp32")):
        assert equal(cosim.engine("icarus", TINY), a, b, mapping=mapping, output=output).c.size == 45


def test_pruned_weights_are_skipped_and_several_products_follow_one_another():
    rng, config = np.random.default_rng(10), TINY
    a, b = sparse(rng, (3, 4, 16), 1.0), sparse(rng, (3, 16, 5), 0.7)
    both, gemm = Operands(a, b), Gemm(4, 16, 5, output="fp16", count=3)
    checker = Checker(cosim.engine("icarus", config))
    c, _ = checker.run(scheduled(gemm, both, config), both)
    assert c.shape == (3, 4, 5) and checker.checked[0].equal
    engine = cosim.engine("icarus", config)
    dense, pruned = (equal(engine, a[0], b[0], sparsity=one, mapping="kn") for one in (None, "1:8"))
    assert pruned.cycles < dense.cycles and pruned.program.macs == pruned.program.gemm.macs == 4 * 2 * 5


def any_work(config, rng, most, cycles):
    """Random operands, and options of gemm with a random mapping, that take no more than so many cycles."""
    while True:
        shape = [int(rng.integers(1, size + 1)) for size in most]
        a, b = drawn(rng, shape, rng.choice([0.05, 0.3, 0.7, 1]), rng.choice([0.05, 0.3, 0.7, 1]), config.operands)
        if rng.random() < 0.3:
            a[rng.random(a.shape) < 0.02], b[rng.random(b.shape) < 0.02] = np.inf, np.nan
        mapping, output = any_mapping(rng, config), str(rng.choice(["fp32", "fp16"]))
        if simulate(scheduled(Gemm(*shape, output=output), Operands(a, b), config, mapping)).cycles <= cycles:
            return a, b, dict(mapping=mapping, output=output)


@pytest.mark.parametrize("seed", first_now(range(6)))
def test_any_configuration_any_work_and_any_mapping_in_icarus(seed):
    rng = np.random.default_rng(seed)
    engine, compared = cosim.engine("icarus", any_config(rng)), 0
    for _ in range(5):
        a, b, options = any_work(engine.config, rng, (24, 50, 40), 3000)
        compared += equal(engine, a, b, **options).c.size
    assert compared > 50


@pytest.mark.parametrize("seed", range(2))
def test_any_configuration_any_work_and_any_mapping_in_myhdl(seed):
    rng = np.random.default_rng(100 + seed)
    config = any_config(rng)
    a, b, options = any_work(config, rng, (6, 20, 10), 500)
    equal(cosim.engine("myhdl", config), a, b, **options)
