"""Lists told in short, by hand."""
import numpy as np
import pytest

from tlm.runs import Run, places, stretches


def test_a_total_counts_every_part_as_often_as_it_comes():
    inner = Run((1, 10), 3)
    assert Run((inner, 100, Run((inner,), 2)), 5).total(lambda tile: tile) == 5 * (33 + 100 + 66)


@pytest.mark.parametrize("kinds, expected", [
    ([7], [(0, 1)]), ([1, 1, 1], [(0, 3)]), ([2, 0, 0, 0, 1], [(0, 1), (1, 3), (4, 1)]), ([0, 1, 0], [(0, 1), (1, 1), (2, 1)])])
def test_stretches_of_equal_neighbours(kinds, expected):
    assert list(stretches(np.array(kinds))) == expected


@pytest.mark.parametrize("total, size, kinds", [
    (4, 4, [3]), (3, 4, [3]), (8, 4, [2, 1]), (17, 4, [2, 0, 0, 0, 1])])
def test_the_first_and_the_last_place_are_kinds_of_their_own(total, size, kinds):
    assert places(total, size).tolist() == kinds
