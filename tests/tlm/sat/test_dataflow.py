"""SAT's dataflows by hand: groups, lines, turns, skews and stationary weights; of one tile and of many."""

import numpy as np
import pytest
from hypothesis import given

from rtl.sat import timing
from rtl.sat.config import SatConfig
from rtl.sparsity import Sparsity
from tests.support.properties import few
from tests.support.workloads import cases
from tlm import Gemm, schedule
from tlm.sat.dataflow import DATAFLOWS, OutputStationary, WeightStationary, dataflow_of, group_of
from tlm.sat.tile_sums import Shapes

SMALL = SatConfig(rows=2, columns=3, interleave=4, largest_m=8, chunk=16)
DENSE, SPARSE = Gemm(5, 18, 13), Gemm(5, 18, 13, Sparsity(2, 8))


def first_and_last(gemm, dataflow):
    tiles = [tile for tile in schedule(gemm, SMALL, dataflow).tiles() if (tile.row, tile.column) == (0, 0)]
    return tiles[0], tiles[-1]


def test_each_has_its_name_and_says_which_operand_stays():
    assert {name: type(flow) for name, flow in DATAFLOWS.items()} == {"os": OutputStationary, "ws": WeightStationary}
    assert {name: flow.weight_stationary for name, flow in DATAFLOWS.items()} == {"os": False, "ws": True}
    with pytest.raises(ValueError, match="^dataflow must be one of os, ws, not 'is'$"):
        dataflow_of("is")


def test_a_group_is_the_patterns_or_the_smallest_dense_one():
    assert group_of(DENSE) == (4, 4) and group_of(SPARSE) == (8, 2)


@pytest.mark.parametrize(
    "gemm, dataflow, groups, kept_in_last_group",
    [
        (DENSE, "os", (4, 1), (4, 2)),  # of the last two elements of k
        (DENSE, "ws", (4, 4), (4, 4)),  # zeros fill the group
        (SPARSE, "os", (2, 1), (2, 2)),
        (SPARSE, "ws", (2, 2), (2, 2)),
    ],
)
def test_groups_of_a_tile_by_hand(gemm, dataflow, groups, kept_in_last_group):
    tiles, flow = first_and_last(gemm, dataflow), dataflow_of(dataflow)
    assert tuple(flow.groups(tile) for tile in tiles) == groups
    assert tuple(flow.kept_in_last_group(tile) for tile in tiles) == kept_in_last_group


@pytest.mark.parametrize("gemm, skew", [(DENSE, 4 * 4), (SPARSE, 2 * 4)])
def test_where_weights_stay_a_row_follows_the_one_above_by_the_steps_of_a_group(gemm, skew):
    tile, _ = first_and_last(gemm, "ws")
    assert tile.dataflow.row_skew(tile, SMALL) == skew
    assert tile.dataflow.stationary(tile, SMALL) == (2 * skew, timing.lead(2), timing.turnaround(2, skew))
    tile, _ = first_and_last(gemm, "os")
    assert tile.dataflow.row_skew(tile, SMALL) == 1 and tile.dataflow.stationary(tile, SMALL) is None


@pytest.mark.parametrize(
    "gemm, dataflow, lines, turns",
    [
        (DENSE, "os", (4 + 16, 1 + 2), (16, 2)),
        (DENSE, "ws", (4 + 8, 4 + 4), (16, 16)),
        (SPARSE, "os", (2 * 2 + 4, 2 + 2), (4, 2)),
        (SPARSE, "ws", (2 * 2 + 4, 2 * 2 + 2), (4, 4)),
    ],
)
def test_lines_and_turns_of_the_first_and_the_last_tile_of_a_block_by_hand(gemm, dataflow, lines, turns):
    flow, tiles = dataflow_of(dataflow), first_and_last(gemm, dataflow)
    assert (
        tuple(flow.lines(tile) for tile in tiles)
        == lines
        == tuple(flow.west_lines(t) + flow.north_lines(t) for t in tiles)
    )
    assert tuple(flow.turns(tile) for tile in tiles) == turns == tuple(tile.interleave_turns for tile in tiles)


@few(100)
@given(cases())
def test_of_many_tiles_all_are_arrays(case):
    gemm, config, mapping = case
    tiles, flow = list(schedule(gemm, config, mapping).tiles())[:4], dataflow_of(mapping.dataflow)
    shapes = Shapes(np.array([one.rows for one in tiles]), np.array([one.depth for one in tiles]), *group_of(gemm))
    for of in (flow.groups, flow.kept_in_last_group, flow.west_lines, flow.north_lines, flow.lines, flow.turns):
        assert np.broadcast_to(of(shapes), len(tiles)).tolist() == [of(tile) for tile in tiles]
