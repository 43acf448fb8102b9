"""SAT's latencies are those of the blocks; their sums through the array are checked in the blocks' own tests."""

import pytest

from rtl import timing as units
from rtl.sat import timing


def test_weights_are_issued_later_because_their_way_is_shorter():
    assert timing.WEST - timing.SKEW == timing.NORTH


def test_a_product_takes_the_step_into_the_element_the_choice_and_the_multiplier():
    assert timing.PRODUCT == 1 + timing.SELECT + units.FP16_MUL == 4


@pytest.mark.parametrize(
    "rows, columns, release, drain", [(1, 1, 2, 12), (1, 2, 2, 13), (4, 4, 5, 18), (32, 32, 33, 74), (2, 7, 7, 19)]
)
def test_the_lags_of_an_array_are_those_worked_out_by_hand(rows, columns, release, drain):
    assert timing.release_lag(rows, columns) == release
    assert timing.drain_lag(rows, columns) == drain  # 12 for the first element; each row and column a cycle more


@pytest.mark.parametrize(
    "rows, columns, hop, release, drain, turnaround",
    [
        (1, 1, 4, 2, 15, 10),
        (2, 2, 16, 18, 44, 38),
        (4, 4, 8, 26, 46, 38),
        (1, 4, 16, 4, 30, 22),
        (32, 32, 16, 498, 554, 518),
    ],
)
def test_with_stationary_weights_each_row_lags_a_group_behind_the_one_above(
    rows, columns, hop, release, drain, turnaround
):
    assert timing.release_lag(rows, columns, hop) == release
    assert timing.drain_lag(rows, columns, hop) == drain
    assert timing.turnaround(rows, hop) == turnaround
    assert timing.lead(rows) == rows  # a weight goes down a row a cycle


@pytest.mark.parametrize("rows, columns, turn, cycles", [(1, 1, 4, 18), (4, 4, 4, 24), (2, 3, 16, 69)])
def test_a_reset_lasts_as_long_as_controls_hop_and_go_around(rows, columns, turn, cycles):
    assert timing.reset_cycles(rows, columns, turn) == cycles
