"""The scheduler against an exhaustive search of its own, and the few candidates that it simulates."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.sat.config import PRESETS, SatConfig
from rtl.sigma.config import PRESETS as SIGMA
from rtl.sparsity import Sparsity
from tests.support.memories import BURST
from tests.support.properties import few
from tests.support.workloads import cases, configurations, gemms
from tlm import Gemm, Mapping, schedule, simulate
from tlm.feature_map import FeatureMap
from tlm.memory import memory_of
from tlm.sat import scheduler
from tlm.sat.bounds import Bounds
from tlm.sat.dataflow import DATAFLOWS, group_of
from tlm.sat.scheduler import best_mapping
from tlm.workload.methods import Scheme
from tlm.workload.networks import layers
from tlm.workload.step import calls_of, whole_step

SMALL = PRESETS["small"]
TINY = SMALL.model_copy(update=dict(rows=2, columns=1, chunk=16, buffer_kib=1, read_bytes_per_cycle=4))
CONVOLUTION = FeatureMap(2, 4, 4, 3, (3, 3), (1, 1), (1, 1), (1, 1), (4, 4))


def name(gemm):
    return f"{gemm.m}x{gemm.k}x{gemm.n} {gemm.sparsity or 'dense'}"


def cycles(gemm, config, mapping, memory=None):
    return simulate(schedule(gemm, config, mapping, memory=memory)).cycles


def searched(gemm, config):
    """The best mapping as a search finds it, which nobody remembers."""
    return scheduler._best_mapping.__wrapped__(gemm, config, tuple(DATAFLOWS), memory_of(config))


def every_mapping(gemm, config, memory):
    """All that fit, by trying: tiles up to the operands' sizes, or one beyond what the array takes."""
    group = group_of(gemm)[0]
    sizes = (range(1, gemm.m + 1), range(1, gemm.n + 1), range(group, gemm.k + group, group))
    for dataflow, order, (rows, columns, depth) in product(("ws", "os"), ("columns", "rows"), product(*sizes)):
        try:
            yield schedule(gemm, config, Mapping(dataflow, rows, columns, depth, order), memory=memory)
        except ValueError as error:
            assert "of a tile must be from 1 to" in str(error)


@pytest.mark.parametrize("memory", [None, BURST], ids=["rates", "bursts"])
@pytest.mark.parametrize("kib, rate", [(0, 4), (1, 4), (1, 32)])
@pytest.mark.parametrize(
    "gemm",
    [
        Gemm(5, 20, 6),
        Gemm(3, 9, 7, Sparsity(1, 4)),
        Gemm(7, 24, 3, Sparsity(2, 8), "fp16"),
        Gemm(1, 30, 9),
        Gemm(9, 10, 2),
        Gemm(32, 27, 2, None, "fp16", source=CONVOLUTION),
    ],
    ids=name,
)
def test_the_best_is_that_of_an_exhaustive_search(gemm, kib, rate, memory):
    config = TINY.model_copy(update=dict(buffer_kib=kib, read_bytes_per_cycle=rate))
    found = [(simulate(program).cycles, program.mapping) for program in every_mapping(gemm, config, memory)]
    mapping, fewest = best_mapping(gemm, config, memory=memory)
    assert fewest == min(found, key=lambda one: one[0])[0] == cycles(gemm, config, mapping, memory)
    assert len(found) >= 20 and len({one[0] for one in found}) > 3
    for dataflow in ("os", "ws"):
        assert best_mapping(gemm, config, (dataflow,), memory)[1] == min(
            taken for taken, other in found if other.dataflow == dataflow
        )


@few(60)
@given(configurations().flatmap(lambda config: st.tuples(gemms(config), st.just(config))), st.booleans())
def test_it_is_never_worse_than_a_fixed_dataflow_with_its_largest_tiles(case, even):
    gemm, config = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scheduler, "ALL_SIZES", 0 if even else 500)
        mapping, fewest = searched(gemm, config)
    assert fewest == cycles(gemm, config, mapping) <= min(cycles(gemm, config, name) for name in ("os", "ws"))


@pytest.mark.parametrize(
    "gemm",
    [
        Gemm(60, 130, 50),
        Gemm(33, 100, 70, Sparsity(2, 8)),
        Gemm(100, 40, 30, Sparsity(1, 4)),
        Gemm(27, 21, 8, Sparsity(1, 4)),
        Gemm(17, 150, 17, None, "fp16"),
    ],
    ids=name,
)
def test_even_sizes_alone_are_at_most_a_tenth_worse_than_all_sizes(gemm, monkeypatch):
    config = SMALL.model_copy(update=dict(buffer_kib=8, chunk=32))
    _, fewest = searched(gemm, config)
    monkeypatch.setattr(scheduler, "ALL_SIZES", 0)
    _, even = searched(gemm, config)
    assert fewest <= even <= 1.1 * fewest


@pytest.mark.parametrize(
    "total, most, unit, sizes",
    [
        (100, 32, 1, [32, 25, 20, 17, 15]),  # 4, 5, 6 and 7 tiles
        (100, 100, 1, [100, 50, 34, 25]),
        (3, 8, 1, [3, 2, 1]),
        (1, 8, 1, [1]),
        (100, 64, 8, [64, 56, 40, 32, 24]),  # 2, 3, 4 and 5 stretches of whole groups, none beyond 64
        (9, 64, 16, [16]),
    ],
)
def test_even_sizes_worked_out_by_hand(total, most, unit, sizes):
    assert scheduler._even_sizes(total, most, unit) == sizes


@few(100)
@given(st.integers(1, 300), st.integers(1, 80), st.sampled_from([1, 4, 8, 16]))
def test_even_sizes_fit_fall_and_need_few_tiles(total, groups, unit):
    most = groups * unit
    sizes = scheduler._even_sizes(total, most, unit)
    fewest = -(-total // most)
    assert sizes == sorted(set(sizes), reverse=True) and sizes[0] == min(most, -(-total // unit) * unit)
    assert all(0 < size <= most and size % unit == 0 for size in sizes)
    assert len(sizes) <= scheduler.MORE_TILES + 2
    assert all(-(-total // size) >= fewest for size in sizes)
    if unit == 1:
        assert all(-(-total // size) <= fewest + scheduler.MORE_TILES for size in sizes)


@pytest.mark.parametrize(
    "gemm, change",
    [
        (Gemm(7, 49, 7, Sparsity(1, 4)), dict(rows=1)),
        (Gemm(4, 16, 8, Sparsity(2, 8)), dict(rows=1)),
        (Gemm(8, 9, 6), dict(rows=1, buffer_kib=0)),
        (Gemm(6, 22, 5, Sparsity(1, 4)), {}),
        (Gemm(6, 38, 1), dict(memory_latency=1)),
    ],
)
def test_of_mappings_that_take_equal_cycles_the_lowest_bound_decides_and_then_the_larger_tiles(gemm, change):
    config = TINY.model_copy(update=change)
    groups = [group for dataflow in DATAFLOWS for group in scheduler._candidates(gemm, config, dataflow)]
    candidates = [group[number] for group in groups for number in range(len(group))]
    taken = [cycles(gemm, config, mapping) for mapping in candidates]
    assert taken.count(min(taken)) > 1
    ranks = np.concatenate([Bounds(gemm, config, group, memory_of(config)).rank for group in groups]).tolist()
    larger = [(-one.rows, -one.columns, -one.depth, one.order == "columns") for one in candidates]
    number = min(range(len(taken)), key=lambda i: (taken[i], ranks[i], candidates[i].dataflow, larger[i]))
    assert best_mapping(gemm, config)[0] == candidates[number]


def test_candidates_are_all_sizes_of_tiles_in_both_orders():
    rows, columns = scheduler._candidates(Gemm(6, 30, 5), SMALL, "os")
    sizes = [(one.rows, one.columns, one.depth) for one in map(rows.__getitem__, range(len(rows)))]
    assert sizes == sorted(set(sizes), reverse=True) and sizes[0] == (4, 5, 32) and len(sizes) == 4 * 5 * 8
    assert (rows.order, columns.order) == ("rows", "columns") and len(columns) == 4 * 4 * 8


def test_a_single_block_along_a_dimension_has_one_order():
    for gemm in (Gemm(2, 20, 90), Gemm(90, 20, 2)):
        _, columns = scheduler._candidates(gemm, SMALL, "os")
        assert (columns.rows < gemm.m).all() and (columns.columns < gemm.n).all()


@few(60)
@given(cases().filter(lambda case: case[2].rows >= case[0].m or case[2].columns >= case[0].n))
def test_the_other_order_would_be_no_better(case):
    gemm, config, mapping = case
    rows, columns = (cycles(gemm, config, replace(mapping, order=order)) for order in ("rows", "columns"))
    assert rows <= columns


@pytest.mark.parametrize(
    "memory, most",
    [
        ({}, 20),
        (dict(read_bytes_per_cycle=1.0), 500),
        (dict(read_bytes_per_cycle=1.0, write_bytes_per_cycle=0.5), 300),
        (dict(read_bytes_per_cycle=0.1, write_bytes_per_cycle=1 / 64), 20),
    ],
    ids=str,
)
def test_few_of_many_candidates_are_simulated(monkeypatch, memory, most):
    simulated = []
    monkeypatch.setattr(scheduler, "simulate", lambda program: simulated.append(1) or simulate(program))
    gemm = Gemm(40, 64, 40)
    candidates = sum(len(group) for dataflow in DATAFLOWS for group in scheduler._candidates(gemm, SMALL, dataflow))
    searched(gemm, SMALL.model_copy(update=memory))
    assert candidates > 4_000 and 0 < len(simulated) < most


@pytest.mark.parametrize(
    "config, dataflows, complaint",
    [
        (SMALL, ("is",), "dataflow must be one of os, ws, not 'is'"),
        (SMALL, (), "the dataflows to choose from must be some of os, ws, not none"),
        (SIGMA["small"], ("os",), "a program of SAT must be for a SatConfig, not for a SigmaConfig"),
    ],
)
def test_there_must_be_known_dataflows_and_an_array_that_has_them(config, dataflows, complaint):
    with pytest.raises(ValueError, match=f"^{complaint}$"):
        best_mapping(Gemm(2, 2, 2), config, dataflows)


def test_gemms_that_differ_in_their_names_alone_are_scheduled_once(monkeypatch):
    searches, candidates = [], scheduler._candidates
    scheduler._best_mapping.cache_clear()
    monkeypatch.setattr(scheduler, "_candidates", lambda *given: searches.append(given) or candidates(*given))
    gemm = Gemm(32, 27, 2, None, "fp16", "a", source=CONVOLUTION)
    twins = [gemm, replace(gemm, layer="b"), replace(gemm, stage="bp"), gemm]
    assert len({best_mapping(one, SMALL, ("os",)) for one in twins}) == 1 == len(searches)
    for other in (replace(gemm, source=None), replace(gemm, output="fp32"), replace(gemm, count=2)):
        best_mapping(other, SMALL, ("os",))
    best_mapping(gemm, SMALL, ("os",), BURST)
    assert len(searches) == 5


def test_a_training_step_beside_a_slow_memory_is_planned_by_a_few_programs(monkeypatch):
    """Every sum of bytes is a multiple of many cycles, so that bounds that count a load or two too few never bite."""
    simulated = []
    monkeypatch.setattr(scheduler, "simulate", lambda program: simulated.append(1) or simulate(program))
    work = whole_step(calls_of(layers("cnn"), 32), Scheme.of("bdwp", 2, 8))
    gemms = [one for one in work if isinstance(one, Gemm)]
    for read, write in ((0.1, 1 / 64), (1 / 64, 1 / 64), (32.0, 1 / 64), (0.1, 16.0)):
        rates = dict(read_bytes_per_cycle=read, write_bytes_per_cycle=write)
        for gemm in gemms:
            searched(gemm, SatConfig(rows=33, columns=5, chunk=256, **rates))
    assert len(gemms) <= len(simulated) / 4 < 50 * len(gemms)
