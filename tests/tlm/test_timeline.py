"""What holds for every timeline, what is read off it, and how much of the array is used."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.sat.config import PRESETS
from rtl.sparsity import Sparsity
from tests.support.memories import MEMORIES
from tests.support.properties import few
from tests.support.workloads import cases, programs
from tests.tlm.sat.test_gemm_times import BASE, with_rates
from tlm import Gemm, Mapping, predict, schedule, simulate
from tlm.sat.gemm_times import GemmState


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


@few(500)
@given(cases(), st.integers(1, 3), st.one_of(st.none(), MEMORIES))
def test_told_in_short_a_program_has_the_tiles_and_takes_the_cycles_of_all_tiles_one_by_one(case, count, memory):
    gemm, config, mapping = case
    program = schedule(gemm if gemm.source else replace(gemm, count=count), config, mapping, memory=memory)
    timeline, repeats, tiles = simulate(program), program.repeats(), list(program.tiles())
    assert timeline.cycles == timeline.spans[-1].store_end
    for of in (lambda tile: 1, lambda tile: tile.rows * tile.columns * tile.depth, program.steps, program.lines):
        assert repeats.total(of) == sum(map(of, tiles))
    values, indices, results = program.bytes_moved
    read = [program.read_bytes(tile) for tile in tiles]
    assert values == pytest.approx(sum(one for one, _ in read)) and indices == sum(one for _, one in read)
    assert results == sum(program.write_bytes(tile) for tile in tiles if tile.last)


def test_of_a_million_equal_tiles_a_few_are_looked_at(monkeypatch):
    looked = []
    after = GemmState.after
    monkeypatch.setattr(GemmState, "after", lambda *args: looked.append(1) or after(*args))
    timeline = simulate(schedule(Gemm(2**21, 64, 64, count=4), BASE))
    assert timeline.cycles > 2**30 and 0 < len(looked) < 1_000


@few(80)
@given(programs())
def test_utilisation_is_never_over_100_per_cent(program):
    assert program.gemm.macs <= simulate(program).cycles * program.config.elements


@few(60)
@given(programs(), st.integers(0, 100), st.integers(1, 64), st.integers(1, 64))
def test_a_faster_memory_never_takes_longer(program, latency, read, write):
    slow = with_rates(read, write, latency, program.config)
    cycles = simulate(schedule(program.gemm, slow, program.mapping)).cycles
    for faster in (
        with_rates(2 * read, write, latency, slow),
        with_rates(read, 2 * write, latency, slow),
        with_rates(read, write, latency // 2, slow),
    ):
        assert simulate(schedule(program.gemm, faster, program.mapping)).cycles <= cycles


def utilisation(config, size, sparsity=None, mapping="os"):
    """Multiply-adds that are done in those that the array could have done."""
    gemm = Gemm(size, size, size, Sparsity.parse(sparsity))
    return gemm.macs / (config.elements * predict(size, size, size, sparsity, config, mapping=mapping).cycles)


@pytest.mark.parametrize("mapping", ["os", "ws"])
@pytest.mark.parametrize(
    "name, size, sparsity",
    [
        ("small", 256, None),
        ("medium", 512, None),
        ("medium", 512, "2:8"),
        ("vcu1525", 2048, None),
        ("vcu1525", 2048, "2:8"),
    ],
)
def test_a_large_gemm_uses_at_least_95_per_cent_of_the_array(name, size, sparsity, mapping):
    assert 0.95 <= utilisation(PRESETS[name], size, sparsity, mapping) <= 1


@pytest.mark.parametrize("mapping", ["os", "ws"])
@pytest.mark.parametrize("interleave", [1, 2, 3, 4])
def test_fewer_outputs_than_the_adder_has_stages_use_as_much_less(interleave, mapping):
    config = PRESETS["vcu1525"].model_copy(update=dict(interleave=interleave))
    assert 0.99 * interleave / 4 <= utilisation(config, 1536, mapping=mapping) <= interleave / 4


def test_predict_is_the_timeline_of_the_schedule():
    expected = simulate(schedule(Gemm(9, 40, 18, Sparsity(2, 8), "fp16"), BASE.model_copy(update=dict(largest_m=8))))
    assert predict(9, 40, 18, "2:8", BASE.model_copy(update=dict(largest_m=8)), "fp16") == expected
    stationary = schedule(Gemm(9, 40, 18), PRESETS["small"], Mapping("ws", 5, 16, 8))
    assert predict(9, 40, 18, mapping=stationary.mapping) == simulate(stationary)
    assert predict(9, 40, 18).cycles == simulate(schedule(Gemm(9, 40, 18), PRESETS["small"])).cycles
    with pytest.raises(ValueError, match="size m"):
        predict(0, 1, 1)
