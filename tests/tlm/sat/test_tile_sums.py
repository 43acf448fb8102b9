"""Sums over tiles, against the tiles themselves."""

import numpy as np
import pytest
from hypothesis import given

from tests.support.mappings import many
from tests.support.properties import few
from tests.support.workloads import cases
from tlm import schedule
from tlm.sat.tile_sums import Cut, TileSums


@pytest.mark.parametrize(
    "total, size, whole, used, rest", [(10, 4, 2, 4, 2), (8, 4, 1, 4, 4), (3, 4, 0, 3, 3), (1, 1, 0, 1, 1)]
)
def test_a_cut_has_whole_tiles_and_a_rest(total, size, whole, used, rest):
    cut = Cut.of(total, np.array([size]))
    assert (cut.whole[0], cut.size[0], cut.rest[0], cut.tiles[0]) == (whole, used, rest, whole + 1)
    assert cut.sum(lambda size: size)[0] == total and cut.sum(lambda size: size**2)[0] == whole * used**2 + rest**2


@few(200)
@given(cases())
def test_the_sums_are_those_of_the_tiles(case):
    gemm, config, mapping = case
    program = schedule(gemm, config, mapping)
    tiles, sums = list(program.tiles()), TileSums(gemm, config, many(mapping, 2))
    blocks = [tile for tile in tiles if tile.last]
    whole, first = sums.whole_result, sums.part(sums.rows.size, sums.columns.size)
    for found, expected in (
        (sums.blocks, len(blocks)),
        (sums.all_lines.all, sum(map(program.lines, tiles))),
        (sums.all_steps.all, sum(map(program.steps, tiles))),
        (sums.all_steps.block, sum(map(program.steps, tiles[: tiles.index(blocks[0]) + 1]))),
        (sums.all_lines.column, sum(program.lines(tile) for tile in tiles if tile.column == 0)),
        (sums.last_steps(sums.rows.rest), program.steps(tiles[-1])),
        (sums.lines(sums.first_tile), program.lines(tiles[0])),
        (whole.blocks, len(blocks)),
        (whole.words, sum(map(program.beats, blocks))),
        (whole.size, sum(map(program.write_bytes, blocks))),
        (first.words, program.beats(blocks[0])),
        (first.size, program.write_bytes(blocks[0])),
    ):
        assert np.broadcast_to(found, 2).tolist() == [expected] * 2
