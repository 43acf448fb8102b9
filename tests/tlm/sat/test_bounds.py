"""Bounds of cycles: never above the simulated ones, whatever the memory, and close to them where one thing is slow."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.sat.config import PRESETS
from rtl.sparsity import Sparsity
from tests.support.mappings import many
from tests.support.memories import BURST, MEMORIES
from tests.support.properties import few
from tests.support.workloads import cases
from tlm import Gemm, Mapping, schedule, simulate
from tlm.memory import memory_of
from tlm.sat.bounds import Bounds
from tlm.sat.mapping import Mappings

SMALL = PRESETS["small"].model_copy(update=dict(buffer_kib=0))


def bounds(gemm, config, mapping, memory=None):
    return Bounds(gemm, config, many(mapping), memory_of(config, memory))


@few(600)
@given(cases(), st.integers(1, 3), st.one_of(st.none(), MEMORIES))
def test_no_bound_exceeds_the_simulated_cycles_whatever_the_memory(case, count, memory):
    gemm, config, mapping = case
    gemm = replace(gemm, count=count)
    found = bounds(gemm, config, mapping, memory)
    cycles = simulate(schedule(gemm, config, mapping, memory=memory)).cycles
    assert 0 < found.least[0] <= cycles and 0 < found.rank[0] <= cycles * (1 + 1e-12)
    assert found.least[0] == int(found.least[0])


@few(60)
@given(cases(), st.one_of(st.none(), MEMORIES))
def test_the_bounds_of_many_mappings_are_those_of_each(case, memory):
    gemm, config, mapping = case
    memory = memory_of(config, memory)
    other = replace(mapping, rows=1)
    sizes = [
        np.array(pair) for pair in zip(*((one.rows, one.columns, one.depth) for one in (mapping, other)), strict=True)
    ]
    both = Bounds(gemm, config, Mappings(mapping.dataflow, *sizes, mapping.order), memory)
    for number, one in enumerate((mapping, other)):
        alone = bounds(gemm, config, one, memory)
        assert (both.least[number], both.rank[number]) == (alone.least[0], alone.rank[0])


@pytest.mark.parametrize(
    "rates, gemm, mapping",
    [
        (dict(read_bytes_per_cycle=1.0), Gemm(256, 144, 16, Sparsity(2, 8)), Mapping("os", 4, 16, 48)),
        (dict(read_bytes_per_cycle=1.0), Gemm(256, 144, 16), Mapping("ws", 16, 16, 16)),
        (dict(write_bytes_per_cycle=1 / 64), Gemm(64, 16, 64), Mapping("os", 4, 16, 16)),
        (dict(read_bytes_per_cycle=0.1, write_bytes_per_cycle=1 / 64), Gemm(64, 60, 64), Mapping("os", 4, 16, 20)),
        ({}, Gemm(512, 512, 512), Mapping("os", 4, 16, 64)),
        ({}, Gemm(512, 512, 512), Mapping("ws", 16, 16, 16)),
    ],
    ids=str,
)
def test_it_is_within_a_hundredth_where_loads_stores_or_steps_take_most_of_the_time(rates, gemm, mapping):
    config = SMALL.model_copy(update=rates)
    cycles = simulate(schedule(gemm, config, mapping)).cycles
    assert 0.99 * cycles < bounds(gemm, config, mapping).least[0] <= cycles


@pytest.mark.parametrize("order", ["rows", "columns"])
def test_it_is_within_a_tenth_where_lines_of_blocks_load_first_and_then_store(order):
    """The buffer keeps a panel of one operand and all of the other: a line's first block has most of its loads."""
    config = SMALL.model_copy(update=dict(buffer_kib=32, read_bytes_per_cycle=1 / 64, write_bytes_per_cycle=1 / 64))
    gemm, mapping = Gemm(208, 64, 160, None, "fp16"), Mapping("ws", 8, 16, 16, order)
    cycles = simulate(schedule(gemm, config, mapping)).cycles
    assert 0.9 * cycles < bounds(gemm, config, mapping).least[0] <= cycles


def test_where_banks_take_turns_it_is_within_a_tenth():
    """Tiles of four elements of k: 16 steps, and 34 cycles until 33 rows have left a bank."""
    config = SMALL.model_copy(update=dict(rows=33, columns=5, memory_latency=0))
    gemm, mapping = Gemm(9, 2048, 8), Mapping("os", 9, 8, 4)
    cycles = simulate(schedule(gemm, config, mapping)).cycles
    assert 0.9 * cycles < bounds(gemm, config, mapping).least[0] <= cycles


def test_where_sums_take_turns_it_is_within_a_tenth():
    """Blocks of a few steps: a set of sums is drained and stored while the other one is."""
    config = SMALL.model_copy(update=dict(rows=33, columns=5, memory_latency=0, write_bytes_per_cycle=512.0))
    gemm, mapping = Gemm(400, 4, 8), Mapping("os", 1, 8, 4)
    cycles = simulate(schedule(gemm, config, mapping)).cycles
    assert 0.9 * cycles < bounds(gemm, config, mapping).least[0] <= cycles


def test_sizes_beyond_64_bits_are_bounded_too():
    found = bounds(Gemm(2**27, 2**27, 2**27, count=2**27), SMALL, Mapping("os", 1, 1, 4), BURST)
    assert 2.0**107 < found.least[0] < np.inf and 2.0**107 < found.rank[0] < np.inf
