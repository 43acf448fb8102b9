"""Timelines worked out by hand, and what holds for every one."""
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.config import PRESETS, SatConfig
from rtl.sparsity import Sparsity
from tests.support.properties import few
from tests.tlm.test_program import programs
from tlm import Gemm, predict, schedule, simulate

# 2 x 2 elements: a bank is free 2 cycles after its tile's last step, and sums stand 14 cycles after it.
BASE = SatConfig(rows=2, columns=2, interleave=4, largest_m=4, chunk=16, memory_latency=10,
                 read_bytes_per_cycle=32, write_bytes_per_cycle=16)


def with_rates(read=32.0, write=16.0, latency=10, config=BASE):
    rates = dict(read_bytes_per_cycle=read, write_bytes_per_cycle=write, memory_latency=latency)
    return config.model_copy(update=rates)


def spans(gemm, config):
    return [tuple(span) for span in simulate(schedule(gemm, config)).spans]


def test_two_chunks_of_one_block_where_compute_is_the_slowest():
    # A load: 1 + 10 + 20 lines. 64 steps. The store: 2 + 10 + 8 words, from 14 after the last step.
    assert spans(Gemm(2, 32, 8), BASE) == [(0, 31, 32, 96, None), (31, 62, 96, 160, 194)]


def test_two_chunks_of_one_block_where_reading_is_the_slowest():
    # 320 bytes at 2 a cycle: a load takes 1 + 10 + 160.
    assert spans(Gemm(2, 32, 8), with_rates(read=2)) == [(0, 171, 172, 236, None), (171, 342, 343, 407, 441)]


def test_three_blocks_where_writing_is_the_slowest():
    # A store takes 2 + 10 + 64. The third load waits for the first bank (35), its compute for the first store (123).
    assert spans(Gemm(6, 4, 8), with_rates(write=1)) == [
        (0, 16, 17, 33, 123), (16, 32, 33, 49, 199), (35, 51, 124, 140, 275)]


def test_a_sparse_fp16_gemm():
    # 2 groups of 2 kept values: 4 west and 4 north lines, 16 steps; 8 words of FP16.
    config = BASE.model_copy(update=dict(largest_m=8))
    assert spans(Gemm(2, 16, 8, Sparsity(2, 8), "fp16"), config) == [(0, 19, 20, 36, 70)]


def test_cycles_tiles_and_stores_are_read_off_the_spans():
    timeline = simulate(schedule(Gemm(6, 4, 8), with_rates(write=1)))
    assert timeline.cycles == 275
    assert timeline.tiles == [33, 16, 226]
    assert timeline.stores == [123, 199, 275]
    assert (timeline.busy, timeline.waiting) == (48, 227)


@few(80)
@given(programs())
def test_tiles_sum_to_the_cycles_and_so_do_busy_and_waiting(program):
    timeline = simulate(program)
    assert sum(timeline.tiles) == timeline.cycles == timeline.busy + timeline.waiting
    assert all(cycles > 0 for cycles in timeline.tiles)
    assert timeline.busy == sum(program.steps(tile) for tile in program.tiles())
    assert len(timeline.spans) == len(timeline.tiles) == len(list(program.tiles()))
    assert timeline.cycles == timeline.stores[-1] == max(timeline.stores)


@few(80)
@given(programs())
def test_utilisation_is_never_over_100_per_cent(program):
    assert program.gemm.macs <= simulate(program).cycles * program.config.elements


@few(80)
@given(programs())
def test_loads_computes_and_stores_each_follow_one_another(program):
    timeline = simulate(program)
    for before, after in zip(timeline.spans, timeline.spans[1:]):
        assert before.load_end <= after.load_start
        assert before.compute_end <= after.compute_start
    for span in timeline.spans:
        assert span.load_start < span.load_end < span.compute_start < span.compute_end
        assert span.store_end is None or span.store_end > span.compute_end
    assert timeline.stores == sorted(set(timeline.stores))


@few(60)
@given(programs(), st.integers(0, 100), st.integers(1, 64), st.integers(1, 64))
def test_a_faster_memory_never_takes_longer(program, latency, read, write):
    slow = with_rates(read, write, latency, program.config)
    cycles = simulate(schedule(program.gemm, slow)).cycles
    for faster in (with_rates(2 * read, write, latency, slow), with_rates(read, 2 * write, latency, slow),
                   with_rates(read, write, latency // 2, slow)):
        assert simulate(schedule(program.gemm, faster)).cycles <= cycles


@pytest.mark.parametrize("name, size", [("small", 256), ("medium", 512), ("vcu1525", 1024)])
def test_a_large_dense_gemm_uses_at_least_95_per_cent_of_the_array(name, size):
    gemm, config = Gemm(size, size, size), PRESETS[name]
    assert gemm.macs >= 0.95 * config.elements * simulate(schedule(gemm, config)).cycles


def test_predict_is_the_timeline_of_the_schedule():
    expected = simulate(schedule(Gemm(9, 40, 18, Sparsity(2, 8), "fp16"), BASE.model_copy(update=dict(largest_m=8))))
    assert predict(9, 40, 18, "2:8", BASE.model_copy(update=dict(largest_m=8)), "fp16") == expected
    assert predict(9, 40, 18).cycles == simulate(schedule(Gemm(9, 40, 18), PRESETS["small"])).cycles
    with pytest.raises(ValueError, match="size m"):
        predict(0, 1, 1)
