"""A GEMM on SIGMA as tiles: the walk-through's by hand, tiles that cover the operands, and the same told in short."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.sigma.config import SigmaConfig
from tests.support.memories import BURST, MEMORIES
from tests.support.properties import few
from tests.support.sigma_programs import KN, MK, programs, uniform_programs
from tlm import Gemm, schedule, simulate
from tlm.repeats import Repeat
from tlm.sigma.mapping import SigmaMapping
from tlm.sigma.program import NOTHING, schedule_sigma
from tlm.sigma.zeros import ExactZeros, UniformDensity

# 8 lanes in two Flex-DPEs. Lines of 64 bits: a Flex-DPE's record (120 bits) takes 2, the gather record (17 bits) one.
PAPER = SigmaConfig(engines=2, lanes=4, results=4, rows=4, columns=8, memory_latency=10)


def flat(part):
    """The tiles of a repeat, each as often as it comes."""
    if not isinstance(part, Repeat):
        return [part]
    return [tile for inner in part.parts for tile in flat(inner)] * part.count


def test_the_walk_through_is_one_tile():
    program = schedule_sigma(Gemm(3, 4, 4), PAPER, ExactZeros.of(MK, KN), "mk")
    (tile,) = program.tiles()
    assert (tile.row, tile.rows, tile.column, tile.columns, tile.start, tile.depth) == (0, 3, 0, 4, 0, 4)
    assert (tile.fold.engines, tile.fold.values, tile.number, tile.streamed) == (2, 8, 0, 7)
    assert (tile.loads_stream, tile.first, tile.last, tile.item) == (True, True, True, 0)
    assert (program.records(tile), program.lines(tile), program.beats(tile)) == (2 * 2 + 1, 5 + 4, 4)
    assert program.steps(tile) == 5  # a column's sum is back after 5 cycles
    assert program.macs == 18 and program.shape == (3, 4, 4) and program.tile == [3, 4, 4]
    assert (program.dataflow, program.work) == ("mk", Gemm(3, 4, 4))


def test_what_the_walk_through_moves():
    program = schedule_sigma(Gemm(3, 4, 4), PAPER, ExactZeros.of(MK, KN), "mk")
    (tile,) = program.tiles()
    # 8 + 7 values. ExactZeros of 12 and 16 bits; of 5 lines with records, 2 are the stationary values.
    assert program.read_bytes(tile) == (30, 1.5 + 2 + 3 * 8) and program.bytes_moved == (30, 27.5, 3 * 4 * 4)
    assert program.read_cycles(tile) == 10 + 9  # 57.5 bytes at 32 a cycle are less than 9 lines
    assert program.write_bytes(tile) == 48 and program.write_cycles(tile) == 10 + 4
    slow = schedule_sigma(
        Gemm(3, 4, 4, output="fp16"),
        PAPER.model_copy(update=dict(read_bytes_per_cycle=1, write_bytes_per_cycle=1)),
        program.zeros,
        "mk",
    )
    assert (slow.read_cycles(tile), slow.write_bytes(tile), slow.write_cycles(tile)) == (10 + 58, 24, 10 + 24)


def test_the_other_operand_stays_as_its_transpose():
    program = schedule_sigma(Gemm(3, 4, 4), PAPER, ExactZeros.of(KN.T, MK.T), "kn")
    (tile,) = program.tiles()
    assert program.shape == (4, 4, 3) and (tile.rows, tile.columns) == (4, 3) and program.macs == 18
    assert [program.beat_of(tile, 0, row, 2) for row in range(4)] == [0, 1, 2, None]
    assert schedule_sigma(Gemm(3, 4, 4), PAPER, ExactZeros.of(MK, KN), "mk").beat_of(tile, 0, 2, 1) == 1
    assert program.beat_of(tile, 1, 0, 2) is None  # of another product


def test_tiles_that_share_streamed_words_and_chunks_that_have_nothing():
    """10 columns of k in chunks of 4, of which the second has no stationary value; 12 values are 2 folds of 8 lanes."""
    stationary = np.ones((3, 10))
    stationary[:, 4:8] = 0
    program = schedule_sigma(Gemm(3, 10, 9), PAPER, ExactZeros.of(stationary, np.ones((10, 9))), "mk")
    assert [
        (t.column, t.columns, t.start, t.depth, t.number, t.fold.values, t.streamed, t.loads_stream, t.first, t.last)
        for t in program.tiles()
    ] == [
        (0, 8, 0, 4, 0, 8, 32, True, True, False),
        (0, 8, 0, 4, 1, 4, 0, False, False, False),
        (0, 8, 8, 2, 0, 6, 16, True, False, True),
        (8, 1, 0, 4, 0, 8, 4, True, True, False),
        (8, 1, 0, 4, 1, 4, 0, False, False, False),
        (8, 1, 8, 2, 0, 6, 2, True, False, True),
    ]
    tiles = list(program.tiles())
    assert [program.lines(tile) for tile in tiles] == [5 + 8, 3, 5 + 8, 5 + 1, 3, 5 + 1]
    assert [program.steps(tile) for tile in tiles] == [8, 8, 8, 5, 5, 5]


def test_a_block_with_nothing_to_stay_is_a_tile_that_stores_zeros():
    exact = ExactZeros.of(np.zeros((3, 10)), np.ones((10, 4)))
    for zeros in (exact, UniformDensity(0.0, 1.0), UniformDensity(1.0, 0.0)):
        program = schedule_sigma(Gemm(3, 10, 4), PAPER, zeros, "mk")
        (tile,) = program.tiles()
        assert tile.fold == NOTHING and (tile.first, tile.last, tile.loads_stream) == (True, True, False)
        assert (program.records(tile), program.lines(tile), program.steps(tile), program.beats(tile)) == (1, 1, 5, 4)
        assert program.macs == 0 and flat(program.repeats()) == [tile]


@few(150)
@given(programs())
def test_every_value_that_stays_is_in_a_tile_and_every_element_of_the_result_in_a_block(program):
    (rows, _, columns), gemm = program.shape, program.gemm
    stored, values = np.zeros((gemm.count, rows, columns), int), 0
    for tile in program.tiles():
        ranges = (
            slice(tile.row, tile.row + tile.rows),
            slice(tile.start, tile.start + tile.depth),
            slice(tile.column, tile.column + tile.columns),
        )
        if tile.last:
            stored[tile.item, ranges[0], ranges[2]] += 1
        if tile.loads_stream:
            values += program.zeros.kept(tile.item, *ranges).sum()
            assert tile.streamed == program.zeros.stream[tile.item, ranges[1], ranges[2]].sum()
        values -= tile.fold.values
    assert values == 0 and (stored == 1).all()


@few(150)
@given(st.one_of(programs(), uniform_programs()))
def test_blocks_begin_and_end_once_and_the_first_fold_of_a_chunk_opens_its_streamed_words(program):
    inside = False
    for tile in program.tiles():
        assert tile.first == (not inside) and tile.fold.engines <= program.config.engines
        inside = not tile.last
        if tile.fold != NOTHING:
            assert tile.loads_stream == (tile.number == 0)
    assert not inside


@few(250)
@given(uniform_programs(), st.one_of(st.none(), MEMORIES))
def test_told_in_short_a_program_has_the_same_tiles_and_costs_whatever_the_memory(program, memory):
    program = replace(program, memory=memory or program.memory)
    tiles, short = list(program.tiles()), flat(program.repeats())
    assert len(short) == len(tiles)
    for one, other in zip(short, tiles, strict=True):
        assert program.times(one) == program.times(other)
        assert program.read_bytes(one) == program.read_bytes(other)
    timeline = simulate(program)
    assert timeline.cycles == timeline.spans[-1].store_end
    assert timeline.busy == sum(map(program.steps, tiles))
    assert program.bytes_moved[:2] == pytest.approx(
        [sum(program.read_bytes(tile)[part] for tile in tiles) for part in (0, 1)]
    )


@few(100)
@given(programs())
def test_bytes_that_are_moved_are_those_of_all_tiles(program):
    tiles = list(program.tiles())
    values, settings, results = program.bytes_moved
    assert values == sum(program.read_bytes(tile)[0] for tile in tiles)
    assert settings == sum(program.read_bytes(tile)[1] for tile in tiles)
    assert results == sum(program.write_bytes(tile) for tile in tiles if tile.last)


@few(100)
@given(programs())
def test_each_element_of_the_result_is_a_word_of_one_block(program):
    gemm, blocks = program.gemm, [tile for tile in program.tiles() if tile.last]
    for row, column in ((0, 0), (gemm.m - 1, gemm.n - 1), (gemm.m // 2, gemm.n // 3)):
        places = [(tile, word) for tile in blocks if (word := program.beat_of(tile, 0, row, column)) is not None]
        assert len(places) == 1 and 0 <= places[0][1] < program.beats(places[0][0])


def test_programs_are_equal_with_gemm_hardware_mapping_memory_and_zeros():
    gemm, exact = Gemm(3, 4, 4), ExactZeros.of(MK, KN)
    mine = schedule_sigma(gemm, PAPER, UniformDensity(0.5), SigmaMapping("mk", 2, 3))
    assert mine == schedule_sigma(Gemm(3, 4, 4), PAPER, UniformDensity(0.5), SigmaMapping("mk", 2, 3))
    for other in (
        schedule_sigma(gemm, PAPER, UniformDensity(0.25), SigmaMapping("mk", 2, 3)),
        schedule_sigma(gemm, PAPER, UniformDensity(0.5), SigmaMapping("mk", 3, 2)),
        schedule_sigma(gemm, PAPER, UniformDensity(0.5), SigmaMapping("mk", 2, 3), BURST),
        schedule_sigma(gemm, PAPER, exact, SigmaMapping("mk", 2, 3)),
    ):
        assert mine != other
    assert exact == ExactZeros.of(MK, KN) != ExactZeros.of(~MK, KN) and hash(exact) == hash(ExactZeros.of(MK, KN))
    assert mine.for_operands


def test_what_does_not_fit_is_refused():
    for mapping, complaint in (
        ("os", "the stationary operand must be one of mk, kn, not 'os'"),
        (SigmaMapping("mk", 5, 1), r"rows of a block must be from 1 to 4 \(custom\), not 5"),
    ):
        with pytest.raises(ValueError, match=f"^{complaint}$"):
            schedule_sigma(Gemm(3, 4, 4), PAPER, UniformDensity(), mapping)


@pytest.mark.parametrize(
    "gemm, stationary, stream, mapping, wanted",
    [
        (Gemm(3, 5, 4), MK, KN, "mk", r"\(1, 3, 5\) and \(1, 5, 4\), not \(1, 3, 4\) and \(1, 4, 4\)"),
        (Gemm(3, 4, 6), MK, KN, "kn", r"\(1, 6, 4\) and \(1, 4, 3\), not \(1, 3, 4\) and \(1, 4, 4\)"),
        (Gemm(3, 4, 4, count=2), MK, KN, "mk", r"\(2, 3, 4\) and \(2, 4, 4\), not \(1, 3, 4\) and \(1, 4, 4\)"),
    ],
)
def test_zeros_of_other_sides_than_the_mappings_are_refused_with_both_shapes(gemm, stationary, stream, mapping, wanted):
    zeros = ExactZeros.of(stationary, stream)
    message = f"^zeros of the stationary and the streamed operand must be of shapes {wanted}: .* given transposed$"
    with pytest.raises(ValueError, match=message):
        schedule_sigma(gemm, PAPER, zeros, mapping)
    with pytest.raises(ValueError, match=message):
        schedule(gemm, PAPER, mapping, zeros=zeros)
