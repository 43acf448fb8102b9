"""SAT's dataflows by hand: groups, skews, stationary weights, and the least work against the tiles themselves."""

import numpy as np
import pytest
from hypothesis import given

from rtl.sat import timing
from rtl.sat.config import SatConfig
from rtl.sparsity import Sparsity
from tests.support.properties import few
from tests.support.workloads import cases
from tlm import Gemm, schedule
from tlm.sat.dataflow import DATAFLOWS, OutputStationary, Sizes, WeightStationary, blocks_of, dataflow_of, group_of

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


def sizes_of(mapping, gemm):
    """The tile sizes of two mappings, the second one's as the first one's."""
    pairs = zip((mapping.rows, mapping.columns, mapping.depth), (gemm.m, gemm.n, gemm.k), strict=True)
    return Sizes(*(np.full(2, min(size, total)) for size, total in pairs))


@few(200)
@given(cases())
def test_the_least_work_is_that_of_the_tiles(case):
    gemm, config, mapping = case
    flow, tiles = dataflow_of(mapping.dataflow), list(schedule(gemm, config, mapping).tiles())
    sizes = sizes_of(mapping, gemm)
    least, blocks = flow.least_work(gemm, config, sizes), blocks_of(gemm, sizes)
    assert blocks.tolist() == [sum(tile.last for tile in tiles)] * 2
    assert least.turns.tolist() == [sum(tile.interleave_turns for tile in tiles)] * 2
    assert least.first_lines.tolist() == [tiles[0].west_lines] * 2
    assert least.row_skew == flow.row_skew(tiles[0], config)
    lines = sum(tile.west_lines + tile.north_lines for tile in tiles)
    assert least.lines.tolist() == [lines] * 2
