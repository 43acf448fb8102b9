"""Timelines of SIGMA worked out by hand, and what holds for every one."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rtl.sigma.config import PRESETS, SigmaConfig
from tests.support.properties import few
from tests.support.sigma_programs import KN, MK, programs, uniform_programs
from tlm import Gemm, simulate
from tlm.sigma.mapping import SigmaMapping
from tlm.sigma.program import schedule_sigma
from tlm.sigma.times import SigmaState
from tlm.sigma.zeros import ExactZeros, UniformDensity

# 2 Flex-DPEs of 4 lanes: banks are free 14 cycles after a tile's last step, sums stand 21 cycles after it. A record of
# a Flex-DPE takes 2 lines of 8 bytes, the gather record 1.
BASE = SigmaConfig(engines=2, lanes=4, results=4, rows=4, columns=8, memory_latency=10)
DENSE = UniformDensity()
FAST = BASE.model_copy(update=dict(memory_latency=0, read_bytes_per_cycle=1e6, write_bytes_per_cycle=1e6))


def spans(gemm, config=BASE, zeros=DENSE, mapping="mk"):
    return [tuple(span) for span in simulate(schedule_sigma(gemm, config, zeros, mapping)).spans]


def test_the_papers_walk_through():
    # A load: 1 + 10 + 9 lines. 4 columns, but 5 cycles. The store: 2 + 10 + 4 words, from 21 after the last step.
    bitmaps = ExactZeros.of(MK, KN)
    assert spans(Gemm(3, 4, 4), BASE, bitmaps) == [(0, 20, 21, 26, 63)]
    assert spans(Gemm(3, 4, 4), BASE.model_copy(update=dict(operands="bf16")), bitmaps) == [(0, 20, 21, 26, 66)]


def test_where_reading_is_the_slowest():
    # 30 bytes of values and 27.5 of bitmaps and settings, at 2 a cycle.
    assert spans(Gemm(3, 4, 4), BASE.model_copy(update=dict(read_bytes_per_cycle=2)), ExactZeros.of(MK, KN)) == [
        (0, 40, 41, 46, 83)
    ]


def test_two_folds_share_their_streamed_words():
    # 12 values: a load of 1 + 10 + 5 + 8 lines, and one of 1 + 10 + 3.
    assert spans(Gemm(3, 4, 8)) == [(0, 24, 25, 33, None), (24, 38, 39, 47, 88)]


def test_four_chunks_where_the_third_waits_for_banks():
    # A load takes 1 + 13 lines. The first banks are free at 23 + 14, the second ones at 37 + 14.
    assert spans(Gemm(2, 16, 8), FAST) == [
        (0, 14, 15, 23, None),
        (14, 28, 29, 37, None),
        (37, 51, 52, 60, None),
        (51, 65, 66, 74, 105),
    ]


def test_a_fold_that_is_loaded_in_time_runs_without_a_pause():
    # 2 folds of each of 2 chunks: loads of 1 + 13 and 1 + 5 lines.
    assert spans(Gemm(4, 8, 8), FAST) == [
        (0, 14, 15, 23, None),
        (14, 20, 23, 31, None),
        (37, 51, 52, 60, None),
        (51, 57, 60, 68, 99),
    ]


def test_three_blocks_where_writing_is_the_slowest():
    # A store takes 2 + 32. The third load waits for banks (35), its compute for the first store (76).
    slow = FAST.model_copy(update=dict(write_bytes_per_cycle=1))
    assert spans(Gemm(3, 4, 8), slow, mapping=SigmaMapping("mk", 1, 8)) == [
        (0, 12, 13, 21, 76),
        (12, 24, 25, 33, 110),
        (35, 47, 77, 85, 144),
    ]


def test_a_block_of_zeros_is_computed_and_stored():
    # A load of the gather record alone, which with the bitmap comes from memory.
    assert spans(Gemm(3, 4, 4), BASE, UniformDensity(0, 1)) == [(0, 12, 13, 18, 55)]


def test_from_the_on_chip_buffer_a_load_begins_after_4_cycles():
    # Both operands are kept: of the second block of rows the records are read, of the last block nothing.
    config = BASE.model_copy(update=dict(buffer_kib=1))
    loads = [end - start for start, end, *_ in spans(Gemm(4, 4, 16), config, mapping=SigmaMapping("mk", 2, 8))]
    assert loads == [1 + 10 + 13, 1 + 10 + 13, 1 + 10 + 13, 1 + 4 + 13]


@few(80)
@given(st.one_of(programs(), uniform_programs()))
def test_tiles_sum_to_the_cycles_and_so_do_busy_and_waiting(program):
    timeline, tiles = simulate(program), list(program.tiles())
    assert sum(timeline.tiles) == timeline.cycles == timeline.busy + timeline.waiting == timeline.stores[-1]
    assert timeline.busy == sum(map(program.steps, tiles)) and all(cycles > 0 for cycles in timeline.tiles)
    assert len(timeline.stores) == sum(tile.last for tile in tiles)
    assert program.macs <= timeline.cycles * program.config.elements


@few(80)
@given(st.one_of(programs(), uniform_programs()))
def test_loads_computes_and_stores_each_follow_one_another_and_two_banks_are_enough(program):
    timeline = simulate(program)
    for before, after in pairwise(timeline.spans):
        assert before.load_end <= after.load_start and before.compute_end <= after.compute_start
    for before, after in zip(timeline.spans, timeline.spans[2:], strict=False):
        assert before.compute_end < after.load_start
    for span in timeline.spans:
        assert span.load_start < span.load_end < span.compute_start < span.compute_end
        assert span.store_end is None or span.store_end > span.compute_end
    assert timeline.stores == sorted(set(timeline.stores))


@few(80)
@given(st.one_of(programs(), uniform_programs()))
def test_a_faster_memory_never_takes_longer(program):
    cycles, config = simulate(program).cycles, program.config
    for name, factor in (("read_bytes_per_cycle", 2), ("write_bytes_per_cycle", 2), ("memory_latency", 0)):
        faster = config.model_copy(update={name: getattr(config, name) * factor})
        assert simulate(schedule_sigma(program.gemm, faster, program.zeros, program.mapping)).cycles <= cycles


@few(100)
@given(st.one_of(programs(), uniform_programs()))
def test_what_is_forgotten_of_a_state_changes_nothing_that_follows(program):
    """From tile to tile as it is, and with only what `normalised` keeps."""
    state, kept, passed = SigmaState(), SigmaState(), 0
    for tile in program.tiles():
        times = program.times(tile)
        state, span = state.after(times)
        kept, short = kept.after(times)
        assert span.load_start == short.load_start + passed and span.compute_end == short.compute_end + passed
        assert span.store_end is None or span.store_end == short.store_end + passed
        now, kept = kept.normalised()
        passed += now


def test_of_a_million_equal_tiles_a_few_are_looked_at(monkeypatch):
    looked, after = [], SigmaState.after
    monkeypatch.setattr(SigmaState, "after", lambda *args: looked.append(1) or after(*args))
    timeline = simulate(schedule_sigma(Gemm(2**20, 64, 64, count=4), BASE, UniformDensity(0.5, 0.5), "mk"))
    assert timeline.cycles > 2**30 and 0 < len(looked) < 1_000


def test_a_large_dense_gemm_uses_at_least_95_per_cent_of_the_multipliers():
    config = PRESETS["vcu1525"]
    program = schedule_sigma(Gemm(1024, 1024, 1024), config, UniformDensity(), "mk")
    assert 0.95 <= program.macs / (simulate(program).cycles * config.elements) <= 1


def test_zeros_of_the_operand_that_stays_take_no_cycles():
    """An eighth of the values: an eighth of the steps, beside words that are streamed as before."""
    gemm, config = Gemm(1024, 1024, 1024), PRESETS["vcu1525"]
    dense, sparse = (simulate(schedule_sigma(gemm, config, UniformDensity(share), "mk")) for share in (1.0, 0.125))
    assert dense.busy == 8 * sparse.busy and 7 < dense.cycles / sparse.cycles < 8
    assert sparse.program.macs == gemm.macs / 8
