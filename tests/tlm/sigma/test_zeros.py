"""Where values other than zero are: counted from bitmaps, and by densities, which agree where operands are regular."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.golden import nm_mask
from rtl.sigma.config import PRESETS
from tests.support.properties import few
from tests.support.sigma import configurations, mappings
from tlm import Gemm, simulate
from tlm.sigma.program import SigmaProgram, schedule_sigma
from tlm.sigma.zeros import ExactZeros, UniformDensity

STATIONARY = np.array([[0, 1, 2, 3], [4, 5, 6, 0], [7, 8, np.nan, -0.0]])
STREAM = np.array([[1, 2, 0, 3], [0, 4, 5, 0], [np.inf, 0, 0, 7], [0, 0, 0, 0]])
ALL = slice(0, 4)


def test_bitmaps_count_what_stays_after_regor_and_a_nan_is_a_value():
    bitmaps = ExactZeros.of(STATIONARY, STREAM)
    assert bitmaps.stationary.shape == (1, 3, 4) and bitmaps.stream.shape == (1, 4, 4)
    assert bitmaps.regor(0, ALL, ALL).tolist() == [True, True, True, False]
    assert bitmaps.kept(0, slice(0, 3), ALL, ALL).astype(int).tolist() == [[0, 1, 1, 0], [1, 1, 1, 0], [1, 1, 1, 0]]
    assert bitmaps.counts(0, slice(0, 3), ALL, ALL) == (2, 3, 3) and bitmaps.streamed(0, ALL, ALL) == 7
    assert bitmaps.counts(0, slice(1, 3), slice(1, 4), slice(0, 1)) == (1, 1)  # of column 0 only k = 2 has a value
    assert bitmaps.shares == (9 / 12, 7 / 16) and not bitmaps.uniform


def test_products_are_of_two_values():
    expected = ((STATIONARY != 0).astype(int) @ (STREAM != 0)).sum()
    assert ExactZeros.of(STATIONARY, STREAM).products(1, 3, 4, 4) == expected == 18
    both = ExactZeros.of(np.stack([STATIONARY, STATIONARY]), np.stack([STREAM, np.zeros_like(STREAM)]))
    assert both.products(2, 3, 4, 4) == 18 and both.counts(1, slice(0, 3), ALL, ALL) == (0, 0, 0)


def test_a_spread_tells_means():
    spread = UniformDensity(0.5, 0.25)
    assert spread.uniform and spread.shares == (0.5, 0.25)
    assert spread.counts(0, slice(0, 4), slice(0, 8), slice(0, 1)) == (1, 1, 1, 1)  # 8 / 2 / 4
    assert sum(spread.counts(0, slice(0, 100), slice(0, 8), slice(0, 2))) == 175  # of 16 pairs 7 are empty
    assert spread.streamed(0, slice(8, 16), slice(4, 6)) == 4 and spread.products(3, 4, 8, 2) == 24
    assert UniformDensity().counts(0, slice(0, 3), slice(0, 5), slice(0, 1)) == (5, 5, 5)
    assert UniformDensity(1.0, 0.0).counts(0, slice(0, 3), slice(0, 5), slice(0, 9)) == (0, 0, 0)


def bitmaps_of(density, stream, shape):
    rows, k, columns = shape
    rng = np.random.default_rng(1)
    return ExactZeros.of(rng.random((rows, k)) < density, rng.random((k, columns)) < stream)


def like(one: SigmaProgram, other: SigmaProgram) -> None:
    """Both programs have the same tiles, of the same cost."""
    tiles = list(one.tiles())
    assert tiles == list(other.tiles()) and tiles
    assert [one.read_bytes(tile) for tile in tiles] == [other.read_bytes(tile) for tile in tiles]
    ours, theirs = simulate(one), simulate(other)
    assert (ours.cycles, ours.busy, ours.spans) == (theirs.cycles, theirs.busy, theirs.spans)
    assert one.bytes_moved == pytest.approx(other.bytes_moved) and one.macs == other.macs


@st.composite
def gemms(draw):
    """(GEMM, configuration, mapping)"""
    config = draw(configurations())
    gemm = Gemm(*(draw(st.integers(1, 40)) for _ in range(3)), count=draw(st.integers(1, 2)))
    return gemm, config, draw(mappings(gemm, config))


@few(20)
@given(gemms())
def test_of_dense_operands_both_make_the_same_program(case):
    gemm, config, mapping = case
    rows, k, columns = mapping.sides(gemm)
    dense = ExactZeros.of(np.ones((gemm.count, rows, k)), np.ones((gemm.count, k, columns)))
    like(schedule_sigma(gemm, config, dense, mapping), schedule_sigma(gemm, config, UniformDensity(), mapping))


@few(60)
@given(gemms(), st.sampled_from([(1, 2), (1, 4), (2, 4), (2, 8), (4, 8), (1, 16)]), st.integers(0, 99))
def test_of_an_n_m_sparse_operand_that_stays_they_do_where_chunks_are_whole_groups(case, pattern, seed):
    gemm, config, mapping = case
    n, m = pattern
    config = config.model_copy(update=dict(lanes=max(config.lanes, m)))
    gemm = Gemm(gemm.m, -(-gemm.k // m) * m, gemm.n)
    rows, k, columns = mapping.sides(gemm)
    weights = np.random.default_rng(seed).standard_normal((k, rows)).astype(np.float16)
    bitmaps = ExactZeros.of(nm_mask(weights, n, m).T, np.ones((k, columns)))
    like(schedule_sigma(gemm, config, bitmaps, mapping), schedule_sigma(gemm, config, UniformDensity(n / m), mapping))


def test_of_an_n_m_sparse_operand_that_streams_they_do_where_columns_are_many():
    """A row of it is hardly ever empty; with few columns it may be, and the spread tells a mean."""
    gemm = Gemm(8, 64, 128)
    weights = np.random.default_rng(3).standard_normal((64, 128)).astype(np.float16)
    bitmaps = ExactZeros.of(np.ones((8, 64)), nm_mask(weights, 2, 8))
    config = PRESETS["medium"]
    like(schedule_sigma(gemm, config, bitmaps, "mk"), schedule_sigma(gemm, config, UniformDensity(1.0, 0.25), "mk"))


def spread_by_real(name, density, stream, shape):
    """Cycles by the spread over those of random operands."""
    gemm, config = Gemm(*shape), PRESETS[name]
    real = schedule_sigma(gemm, config, bitmaps_of(density, stream, shape), "mk")
    return simulate(schedule_sigma(gemm, config, UniformDensity(density, stream), "mk")).cycles / simulate(real).cycles


@pytest.mark.parametrize("name, shape", [("medium", (64, 256, 256)), ("vcu1525", (256, 512, 1024))])
@pytest.mark.parametrize("density, stream", [(0.2, 1.0), (1.0, 0.05), (0.3, 0.3), (0.1, 0.02), (0.7, 0.5)])
def test_of_random_operands_a_spread_is_within_2_per_cent(name, shape, density, stream):
    assert 0.98 <= spread_by_real(name, density, stream, shape) <= 1.02


@pytest.mark.parametrize("density, stream", [(0.5, 1.0), (0.2, 1.0), (0.3, 0.3), (0.7, 0.5)])
def test_on_few_lanes_it_is_within_20_per_cent(density, stream):
    """A block's folds are few, and one more or less is much."""
    assert 0.8 <= spread_by_real("small", density, stream, (64, 256, 256)) <= 1.2


@pytest.mark.parametrize("name, shape", [("medium", (64, 256, 256)), ("vcu1525", (256, 512, 1024))])
def test_where_the_mean_just_fills_a_fold_real_operands_need_one_more_half_of_the_time(name, shape):
    assert 0.8 <= spread_by_real(name, 0.5, 1.0, shape) < 0.95


def test_values_that_stay_are_counted_for_all_blocks_and_chunks_at_once():
    rng = np.random.default_rng(3)
    zeros = ExactZeros.of(rng.random((2, 11, 21)) < 0.4, rng.random((2, 21, 13)) < 0.2)
    found = zeros.values(4, 5, 8)
    assert found.shape == (2, 3, 3, 3) and found.dtype == np.int64
    for item, down, along, chunk in np.ndindex(found.shape):
        row, column, start = 4 * down, 5 * along, 8 * chunk
        counts = zeros.counts(item, slice(row, row + 4), slice(start, start + 8), slice(column, column + 5))
        assert found[item, down, along, chunk] == sum(counts)


def test_a_part_is_a_copy_with_zeros_of_its_own():
    zeros = ExactZeros.of(np.stack([STATIONARY, STATIONARY + 1]), np.stack([STREAM, STREAM]))
    part = zeros.part(1, slice(1, 3), slice(2, 4), slice(0, 3))
    assert part == ExactZeros.of((STATIONARY + 1)[1:3, 2:4], STREAM[2:4, :3])
    assert not part.stationary.flags.writeable and part.stream.flags.owndata
