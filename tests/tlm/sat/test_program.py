"""A GEMM as tiles: stretches that cover k, tiles that cover c, and what each moves, in both dataflows."""

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given

from cosim.sat.gemm_codec import command
from rtl.sat.config import BEAT, SatConfig
from rtl.sparsity import Sparsity
from tests.support.mixed import mixed_program
from tests.support.properties import few
from tests.support.workloads import programs
from tlm import Gemm, Mapping, schedule

SMALL = SatConfig(rows=2, columns=3, interleave=4, largest_m=8, chunk=16)


def stretches(program):
    """The tiles of the first block."""
    tiles = list(program.tiles())
    return [tile for tile in tiles if (tile.row, tile.column) == (tiles[0].row, tiles[0].column)]


@pytest.mark.parametrize(
    "k, sparsity, mapping, expected",
    [
        (16, None, "os", [(0, 16, 4, 4)]),
        (18, None, "os", [(0, 16, 4, 4), (16, 2, 1, 2)]),
        (37, None, "os", [(0, 16, 4, 4), (16, 16, 4, 4), (32, 5, 2, 1)]),
        (20, "2:8", "os", [(0, 16, 2, 2), (16, 4, 1, 2)]),
        (9, "1:4", "os", [(0, 9, 3, 1)]),
        (18, None, "ws", [(0, 8, 2, 4), (8, 8, 2, 4), (16, 2, 1, 4)]),  # zeros fill the last group
        (20, "2:8", "ws", [(0, 16, 2, 2), (16, 4, 1, 2)]),
        (9, "1:4", Mapping("ws", 1, 1, 4), [(0, 4, 1, 1), (4, 4, 1, 1), (8, 1, 1, 1)]),
    ],
)
def test_stretches_of_k_are_those_worked_out_by_hand(k, sparsity, mapping, expected):
    tiles = stretches(schedule(Gemm(1, k, 1, Sparsity.parse(sparsity)), SMALL, mapping))
    assert [(tile.start, tile.depth, tile.depth_groups, tile.kept_in_last_group) for tile in tiles] == expected


def test_tiles_run_over_rows_then_columns_then_k():
    program = schedule(Gemm(3, 20, 13), SMALL)
    assert [(t.row, t.rows, t.column, t.columns, t.start, t.first, t.last) for t in program.tiles()] == [
        (0, 2, 0, 12, 0, True, False),
        (0, 2, 0, 12, 16, False, True),
        (0, 2, 12, 1, 0, True, False),
        (0, 2, 12, 1, 16, False, True),
        (2, 1, 0, 12, 0, True, False),
        (2, 1, 0, 12, 16, False, True),
        (2, 1, 12, 1, 0, True, False),
        (2, 1, 12, 1, 16, False, True),
    ]


def test_they_run_over_columns_first_where_the_mapping_says_so():
    program = schedule(Gemm(5, 12, 9), SMALL, Mapping("ws", 4, 6, 8, "columns"))
    assert [(t.row, t.rows, t.column, t.columns, t.start, t.dataflow.name) for t in program.tiles()] == [
        (0, 4, 0, 6, 0, "ws"),
        (0, 4, 0, 6, 8, "ws"),
        (4, 1, 0, 6, 0, "ws"),
        (4, 1, 0, 6, 8, "ws"),
        (0, 4, 6, 3, 0, "ws"),
        (0, 4, 6, 3, 8, "ws"),
        (4, 1, 6, 3, 0, "ws"),
        (4, 1, 6, 3, 8, "ws"),
    ]


@pytest.mark.parametrize(
    "mapping, groups, steps, skew",
    [
        ("os", 2, 4 * 4, 1),  # 4 kept values for each of 4 interleaved outputs
        ("ws", 2, 2 * 2 * 4, 2 * 4),
    ],
)  # 2 rows of the result, 2 kept values of a row's group
def test_what_a_tile_moves_is_what_was_worked_out_by_hand(mapping, groups, steps, skew):
    program = schedule(Gemm(2, 16, 7, Sparsity(2, 8), "fp16"), SMALL, mapping)
    (tile,) = program.tiles()
    assert (tile.groups, tile.beats, tile.weight_stationary) == (groups, 2, mapping == "ws")
    assert (tile.west_lines, tile.north_lines, program.lines(tile)) == (4, 4, 8)
    assert (program.steps(tile), tile.dataflow.row_skew(tile, program.config)) == (steps, skew)
    assert program.read_bytes(tile) == (2 * (2 * 16 + 4 * 7), 4 * 7 * 3 / 8)
    assert (program.slots(tile), program.beats(tile)) == (3, 6)
    assert program.write_bytes(tile) == 2 * 7 * 2
    assert program.read_cycles(tile) == 32 + 8  # 130.5 bytes at 32 a cycle are less than 8 lines
    assert program.write_cycles(tile) == 32 + 6


def test_a_tile_of_stationary_weights_has_more_rows_than_the_array_and_zeros_in_its_last_group():
    program = schedule(Gemm(4, 6, 12), SMALL, "ws")
    (tile,) = program.tiles()
    assert (tile.rows, tile.groups, tile.depth_groups, tile.kept_in_last_group) == (4, 4, 2, 4)
    assert (tile.west_lines, tile.north_lines, program.steps(tile)) == (4, 8, 4 * 4 * 4)
    assert (program.beats(tile), program.read_bytes(tile)) == (16, (2 * (4 * 6 + 8 * 12), 0))


@pytest.mark.parametrize("interleave, turn", [(1, 4), (3, 4), (4, 4), (7, 7), (16, 16)])
def test_fewer_outputs_than_the_adder_has_stages_take_as_many_steps_as_four(interleave, turn):
    config = SMALL.model_copy(update=dict(interleave=interleave))
    for mapping, turns in (("os", 8), ("ws", 8)):
        (tile,) = schedule(Gemm(2, 8, 3), config, mapping).tiles()
        assert schedule(Gemm(2, 8, 3), config, mapping).steps(tile) == turns * turn


@few(80)
@given(programs())
def test_stretches_cover_k_exactly_and_fit_a_bank(program):
    tiles, size = stretches(program), program.config.chunk
    assert [k for tile in tiles for k in range(tile.start, tile.start + tile.depth)] == list(range(program.gemm.k))
    for tile in tiles:
        assert (
            tile.depth_groups == -(-tile.depth // tile.group_size)
            and 1 <= tile.kept_in_last_group <= tile.kept_per_group
        )
        assert 1 <= tile.west_lines <= size // BEAT and 1 <= tile.north_lines <= size
        assert tile.start % tile.group_size == 0  # no group is torn
        assert tile.depth_groups <= program.config.rows or not tile.weight_stationary


@few(80)
@given(programs())
def test_every_element_of_c_is_covered_once_by_each_stretch(program):
    gemm, mapping = program.gemm, program.mapping
    starts = [tile.start for tile in stretches(program)]
    seen, stored = np.zeros((len(starts), gemm.m, gemm.n), int), np.zeros((gemm.m, gemm.n), int)
    for tile in program.tiles():
        place = np.s_[tile.row : tile.row + tile.rows, tile.column : tile.column + tile.columns]
        seen[starts.index(tile.start)][place] += 1
        stored[place] += tile.last
        assert 1 <= tile.rows <= mapping.rows and 1 <= tile.columns <= mapping.columns
        assert tile.first == (tile.start == 0) and tile.dataflow.name == mapping.dataflow
        assert tile.last == (tile.start + tile.depth == gemm.k)
    assert (seen == 1).all() and (stored == 1).all()


@few(80)
@given(programs())
def test_the_array_does_every_kept_multiply_add(program):
    config = program.config
    done = sum(tile.interleave_turns * config.interleave * config.elements for tile in program.tiles())
    assert done >= program.gemm.macs
    assert (
        sum(program.steps(tile) for tile in program.tiles()) * config.tile_columns * config.rows == done * config.turn
    )


@few(80)
@given(programs())
def test_every_tile_has_its_command(program):
    commands = [command(program, tile) for tile in program.tiles()]  # raises what does not fit
    assert len(commands) == len(list(program.tiles())) > 0


def test_a_group_longer_than_the_datapath_takes_is_refused():
    with pytest.raises(ValueError, match="sparsity 2:16 needs M up to largest_m = 8 of configuration custom"):
        schedule(Gemm(2, 16, 2, Sparsity(2, 16)), SMALL)


def test_a_mixed_program_of_the_tests_covers_c_with_blocks_in_turn():
    mixed = mixed_program(Gemm(5, 20, 7), SMALL, Mapping("os", 2, 4, 16), (("os", 16), ("ws", 8)))
    blocks = [
        (corner, [(tile.dataflow.name, tile.depth) for tile in tiles])
        for corner, tiles in groupby(mixed.tiles(), lambda tile: (tile.row, tile.column))
    ]
    one, two = [("os", 16), ("os", 4)], [("ws", 8), ("ws", 8), ("ws", 4)]
    assert blocks == [((0, 0), one), ((0, 4), two), ((2, 0), one), ((2, 4), two), ((4, 0), one), ((4, 4), two)]
