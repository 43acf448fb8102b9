"""Timelines: sums that hold for each, short tellings against walks, and utilisation of the array."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.sat.config import PRESETS
from rtl.sigma.config import PRESETS as SIGMA
from rtl.sparsity import Sparsity
from tests.support.gemm_times import BASE, with_rates
from tests.support.memories import MEMORIES
from tests.support.properties import few
from tests.support.sigma_programs import KN, MK, uniform_programs
from tests.support.workloads import cases, programs, updates
from tlm import Gemm, Mapping, predict, schedule, simulate, timeline
from tlm.memory import ConstantRates
from tlm.repeats import Repeat
from tlm.sat.gemm_times import GemmState
from tlm.sigma.program import SigmaProgram, schedule_sigma
from tlm.sigma.zeros import ExactZeros
from tlm.timeline import further


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


def test_where_each_store_waits_a_cycle_longer_a_few_tiles_are_looked_at(monkeypatch):
    """A block's load takes a cycle less than its store, which after half a million blocks is a whole store."""
    looked, after = [], GemmState.after
    monkeypatch.setattr(GemmState, "after", lambda *args: looked.append(1) or after(*args))
    gemm, mapping, size = Gemm(2**21, 4, 8), Mapping("os", 2, 8, 4), 2 * 8 * 4
    whole = schedule(gemm, BASE, mapping)
    tile, cycles = next(whole.tiles()), 2**19
    memory = ConstantRates(0, 0, sum(whole.read_bytes(tile)) / (cycles - 1), size / cycles)
    program = replace(whole, memory=memory)
    assert (program.read_cycles(tile), program.write_cycles(tile)) == (cycles - 1, cycles)
    assert simulate(program).cycles > 2**20 * cycles and 0 < len(looked) < 5_000


@few(300)
@given(st.one_of(programs(), updates(), uniform_programs()), MEMORIES, st.integers(20, 200))
def test_a_jump_over_states_that_move_evenly_ends_where_a_walk_does(program, memory, count):
    program = replace(program, memory=memory)
    tiles = list(program.tiles())[:3]
    repeat = Repeat((Repeat(tuple(tiles), count), tiles[-1]), 3)
    state, end = program.initial_state, 0
    for tile in 3 * [*(count * tiles), tiles[-1]]:
        taken, state = state.after(program.times(tile))[0].normalised()
        end += taken
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timeline, "LOOK", 1)
        assert timeline._Walk(program).through(repeat, program.initial_state) == (end, state)


def test_further_goes_on_as_from_one_state_to_the_next_where_times_alone_differ():
    one = GemmState(5, (1, 2), 3, 4, (0, 0), 7, None, (True, 8))
    two = one._replace(load_end=8, banks=(1, 0))
    assert further(one, two, 3) == one._replace(load_end=17, banks=(1, -6))
    for other in (one._replace(weights_end=4), one._replace(mode=None), one._replace(mode=(False, 8)), (1, 2), "state"):
        assert further(one, other, 1) != other and further(other, one, 1) != one
    assert further("state", "state", 5) == "state" and further(True, True, 2) is True


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


def test_a_program_that_is_made_for_operands_is_walked_through_once(monkeypatch):
    program = schedule_sigma(Gemm(3, 4, 4), SIGMA["small"], ExactZeros.of(MK, KN), "mk")
    first, walks = simulate(program), []
    monkeypatch.setattr(SigmaProgram, "tiles", lambda self: walks.append(self))
    assert simulate(program) == first and simulate(program).busy == first.busy == first.counted and not walks
    monkeypatch.undo()
    assert first.busy == sum(program.steps(tile) for tile in program.tiles())
    assert program == schedule_sigma(Gemm(3, 4, 4), SIGMA["small"], ExactZeros.of(MK, KN), "mk")
