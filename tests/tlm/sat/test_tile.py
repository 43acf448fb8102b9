"""A tile's counts, of both dataflows, by hand."""

from tlm.sat.dataflow import DATAFLOWS
from tlm.sat.tile import Tile


def tile(name, **changes) -> Tile:
    """Three rows and five columns, twenty of k: groups of eight with two kept of each."""
    fields = dict(row=0, rows=3, column=0, columns=5, start=0, depth=20, group_size=8, kept_per_group=2)
    return Tile(**fields | dict(dataflow=DATAFLOWS[name], first=True, last=True) | changes)


def test_where_sums_stay_each_group_of_k_comes_once():
    one = tile("os")
    assert (one.depth_groups, one.beats, one.groups, one.kept_in_last_group) == (3, 2, 3, 2)
    assert (one.west_lines, one.north_lines, one.interleave_turns) == (6, 6, 6) and not one.weight_stationary


def test_where_weights_stay_a_group_comes_for_each_row_of_the_result():
    one = tile("ws")
    assert (one.groups, one.west_lines, one.north_lines, one.interleave_turns) == (3, 6, 6, 6) and one.weight_stationary
    assert tile("ws", rows=7).west_lines == 14 and tile("ws", rows=7).north_lines == 6


def test_only_stationary_sums_leave_out_the_zeros_that_fill_a_dense_group():
    dense = dict(depth=10, group_size=4, kept_per_group=4)
    assert (tile("os", **dense).kept_in_last_group, tile("ws", **dense).kept_in_last_group) == (2, 4)
    assert (tile("os", **dense).interleave_turns, tile("os", **dense).north_lines) == (10, 10)
