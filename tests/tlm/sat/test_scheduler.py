"""The scheduler against an exhaustive search of its own, and the lower bound that lets it stop early."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.sat.config import PRESETS
from rtl.sigma.config import PRESETS as SIGMA
from rtl.sparsity import Sparsity
from tests.support.memories import BURST, MEMORIES
from tests.support.properties import few
from tests.support.workloads import cases, configurations, gemms
from tlm import Gemm, Mapping, schedule, simulate
from tlm.feature_map import FeatureMap
from tlm.memory import memory_of
from tlm.sat import scheduler
from tlm.sat.dataflow import DATAFLOWS, group_of
from tlm.sat.scheduler import best_mapping

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


@few(300)
@given(cases(), st.one_of(st.none(), MEMORIES))
def test_the_lower_bounds_never_exceed_the_simulated_cycles_whatever_the_memory(case, memory):
    gemm, config, mapping = case
    memory = memory or memory_of(config)
    (bound,) = scheduler._lower_bounds(gemm, config, [mapping], memory)
    program = schedule(gemm, config, mapping, memory=memory)
    assert 0 < bound <= simulate(program).cycles >= scheduler._read_bound(program) > 0
    assert program.traffic.tiles == (
        len(list(program.tiles())),
        sum(sum(program.read_bytes(tile)) > 0 for tile in program.tiles()),
    )


def test_the_lower_bound_is_close_where_the_memory_is_slow():
    gemm, config = Gemm(256, 144, 16, Sparsity(2, 8)), SMALL.model_copy(update=dict(read_bytes_per_cycle=1.0))
    mapping = Mapping("os", 4, 16, 48)
    assert 0.98 * cycles(gemm, config, mapping) < scheduler._read_bound(schedule(gemm, config, mapping))


def test_the_lower_bound_is_close_where_the_array_is_busy():
    gemm, config = Gemm(512, 512, 512), PRESETS["medium"]
    mapping = Mapping("os", 8, 32, 256)
    (bound,) = scheduler._lower_bounds(gemm, config, [mapping], memory_of(config))
    assert 0.99 * cycles(gemm, config, mapping) < bound


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
    candidates = [mapping for dataflow in ("os", "ws") for mapping in scheduler._candidates(gemm, config, dataflow)]
    taken = [cycles(gemm, config, mapping) for mapping in candidates]
    assert taken.count(min(taken)) > 1
    first = scheduler._lower_bounds(gemm, config, candidates, memory_of(config)).tolist()
    bounds = [
        max(bound, scheduler._read_bound(schedule(gemm, config, mapping)))
        for bound, mapping in zip(first, candidates, strict=True)
    ]
    number = min(range(len(taken)), key=lambda i: (taken[i], bounds[i], i))
    assert best_mapping(gemm, config)[0] == candidates[number]


def test_candidates_come_with_larger_tiles_first():
    sizes = [(one.rows, one.columns, one.depth) for one in scheduler._candidates(Gemm(6, 30, 5), SMALL, "os")]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] == (4, 5, 32)


def test_a_single_block_along_a_dimension_has_one_order():
    for gemm in (Gemm(2, 20, 90), Gemm(90, 20, 2)):
        orders = {
            mapping.order
            for mapping in scheduler._candidates(gemm, SMALL, "os")
            if mapping.rows == gemm.m or mapping.columns == gemm.n
        }
        assert orders == {"rows"}


@few(60)
@given(cases().filter(lambda case: case[2].rows >= case[0].m or case[2].columns >= case[0].n))
def test_the_other_order_would_be_no_better(case):
    gemm, config, mapping = case
    rows, columns = (cycles(gemm, config, replace(mapping, order=order)) for order in ("rows", "columns"))
    assert rows <= columns


@pytest.mark.parametrize(
    "memory, share",
    [
        ({}, 0.05),
        (dict(read_bytes_per_cycle=1.0), 0.2),
        (dict(read_bytes_per_cycle=1.0, write_bytes_per_cycle=0.5), 0.4),
    ],
    ids=str,
)
def test_few_of_many_candidates_are_simulated(monkeypatch, memory, share):
    simulated = []
    monkeypatch.setattr(scheduler, "simulate", lambda program: simulated.append(1) or simulate(program))
    gemm = Gemm(40, 64, 40)
    candidates = sum(1 for dataflow in ("os", "ws") for _ in scheduler._candidates(gemm, SMALL, dataflow))
    searched(gemm, SMALL.model_copy(update=memory))
    assert candidates > 4_000 and 0 < len(simulated) < share * candidates


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
