"""Lists told in short, by hand."""

import numpy as np
import pytest
from hypothesis import given

from tests.support.properties import few
from tests.support.workloads import updates
from tlm.repeats import Repeat, again, places, stretches


def test_a_total_counts_every_part_as_often_as_it_comes():
    inner = Repeat((1, 10), 3)
    assert Repeat((inner, 100, Repeat((inner,), 2)), 5).total(lambda tile: tile) == 5 * (33 + 100 + 66)


def test_what_comes_once_needs_no_repeat():
    once, twice = again("tile", 1), again("tile", 2)
    assert once == "tile" and (twice.parts, twice.count) == (("tile",), 2)


@pytest.mark.parametrize(
    "kinds, expected",
    [
        ([7], [(0, 1)]),
        ([1, 1, 1], [(0, 3)]),
        ([2, 0, 0, 0, 1], [(0, 1), (1, 3), (4, 1)]),
        ([0, 1, 0], [(0, 1), (1, 1), (2, 1)]),
    ],
)
def test_stretches_of_equal_neighbours(kinds, expected):
    assert list(stretches(np.array(kinds))) == expected


@pytest.mark.parametrize("total, size, kinds", [(4, 4, [3]), (3, 4, [3]), (8, 4, [2, 1]), (17, 4, [2, 0, 0, 0, 1])])
def test_the_first_and_the_last_place_are_kinds_of_their_own(total, size, kinds):
    assert places(total, size).tolist() == kinds


@few(120)
@given(updates())
def test_an_update_told_in_short_has_all_its_tiles(program):
    tiles, repeats = list(program.tiles()), program.repeats()
    for of in (lambda tile: 1, lambda tile: tile.rows * tile.columns, program.weights, program.lines, program.beats):
        assert repeats.total(of) == sum(map(of, tiles))
    values, indices, results = program.bytes_moved
    assert (values, indices) == (sum(program.read_bytes(tile)[0] for tile in tiles), 0)
    assert results == sum(map(program.write_bytes, tiles))
