"""When an update's tiles load, compute and store: worked out by hand, and what holds for every one."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rtl.sat import timing
from tests.support.gemm_times import BASE
from tests.support.memories import MEMORIES
from tests.support.properties import few
from tests.support.update_programs import BOTH, tiles
from tests.support.workloads import updates
from tlm import Update, schedule_update, simulate

LAG = timing.UPDATE_LAG


def spans(update, **memory):
    return [tuple(span) for span in simulate(schedule_update(update, BASE.model_copy(update=memory))).spans]


def test_a_timeline_by_hand_where_lines_take_longest():
    # A load: 1 + 10 + 32 lines, the first slice with the second line. A store: 2 + 10 + 44 words.
    first, second = 44 + LAG + 2 + 54, 44 + LAG + 2 + 54 + 2 + 54
    assert spans(Update(6, 5, 3, **BOTH)) == [(0, 43, 13, 44, first), (43, 86, 56, 87, second)]


def test_a_timeline_by_hand_where_reading_is_the_slowest():
    # 288 bytes at one a cycle: 10 + 288; 72: 10 + 72. The lines come at the end of it.
    store = 300 + LAG + 56
    assert spans(Update(6, 5, 3, **BOTH), read_bytes_per_cycle=1) == [
        (0, 299, 269, 300, store),
        (299, 382, 352, 383, max(store, 383 + LAG) + 56),
    ]


def test_a_timeline_by_hand_where_writing_is_the_slowest_and_the_third_tile_waits_for_a_bank():
    # 64 + 320 bytes at one a cycle; 8 vectors a tile, no copies: 40 words.
    store = [44 + LAG + 2 + 330, 44 + LAG + 2 * 332, 44 + LAG + 3 * 332]
    assert spans(Update(8, 12, 8), write_bytes_per_cycle=1) == [
        (0, 43, 13, 44, store[0]),
        (43, 86, 56, 87, store[1]),
        (store[0], store[0] + 43, store[0] + 13, store[0] + 44, store[2]),
    ]


def test_cycles_tiles_and_stores_are_read_off_the_spans():
    timeline = simulate(schedule_update(Update(6, 5, 3, **BOTH), BASE))
    assert timeline.cycles == 156 + LAG and timeline.stores == [100 + LAG, 156 + LAG]
    assert timeline.tiles == [44, 112 + LAG]
    assert (timeline.busy, timeline.waiting) == (32, 124 + LAG)


def test_memory_without_latency_and_of_any_speed_costs_a_word_a_cycle():
    program = schedule_update(
        Update(8, 4, 8),
        BASE.model_copy(update=dict(memory_latency=0, read_bytes_per_cycle=1e6, write_bytes_per_cycle=1e6)),
    )
    assert [tuple(span) for span in simulate(program).spans] == [(0, 33, 3, 34, 34 + LAG + 2 + 40)]


@few(120)
@given(updates())
def test_a_timeline_adds_up_and_nothing_overlaps_that_may_not(program):
    timeline, every = simulate(program), tiles(program)
    assert len(timeline.spans) == len(timeline.tiles) == len(timeline.stores) == len(every)
    assert sum(timeline.tiles) == timeline.cycles == timeline.busy + timeline.waiting == timeline.stores[-1]
    assert timeline.busy == sum(map(program.steps, every)) and all(cycles > 0 for cycles in timeline.tiles)
    for tile, span in zip(every, timeline.spans, strict=True):
        assert span.load_end - span.load_start == timing.LOAD_SETUP + program.read_cycles(tile)
        assert span.load_start < span.compute_start <= span.load_end < span.compute_end
        assert span.store_end >= span.compute_end + LAG + timing.STORE_SETUP + program.write_cycles(tile)
    for before, after in pairwise(timeline.spans):
        assert before.load_end <= after.load_start and before.compute_end <= after.compute_start
        assert before.store_end < after.store_end
    for before, after in zip(timeline.spans, timeline.spans[2:], strict=False):
        assert before.store_end <= after.load_start  # two banks


@few(200)
@given(updates(), st.one_of(st.none(), MEMORIES))
def test_told_in_short_an_update_takes_the_cycles_of_all_its_tiles_one_by_one(program, memory):
    timeline = simulate(replace(program, memory=memory or program.memory))
    assert timeline.cycles == timeline.spans[-1].store_end


@few(80)
@given(updates(), st.integers(0, 50))
def test_a_faster_memory_never_takes_longer(program, latency):
    slow = program.config.model_copy(update=dict(memory_latency=latency))
    cycles = simulate(schedule_update(program.update, slow)).cycles
    for name, factor in (("read_bytes_per_cycle", 2), ("write_bytes_per_cycle", 2), ("memory_latency", 0)):
        faster = slow.model_copy(update={name: getattr(slow, name) * factor})
        assert simulate(schedule_update(program.update, faster)).cycles <= cycles
