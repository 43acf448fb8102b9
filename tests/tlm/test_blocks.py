"""Blocks and the orders in which they run."""

import pytest

from tlm.blocks import ORDERS, block_corners, check_order


@pytest.mark.parametrize(
    "order, corners",
    [
        ("rows", [(0, 0), (0, 6), (0, 12), (3, 0), (3, 6), (3, 12)]),
        ("columns", [(0, 0), (3, 0), (0, 6), (3, 6), (0, 12), (3, 12)]),
    ],
)
def test_blocks_run_in_the_order_that_is_asked_for(order, corners):
    assert list(block_corners((5, 13), (3, 6), order)) == corners
    assert order in ORDERS


def test_both_orders_have_every_block_once_and_another_order_is_refused():
    found = [sorted(block_corners((7, 9), (2, 4), order)) for order in ORDERS]
    assert found[0] == found[1] == [(row, column) for row in (0, 2, 4, 6) for column in (0, 4, 8)]
    for order in ORDERS:
        check_order(order)
    with pytest.raises(ValueError, match="^order must be one of rows, columns, not 'diagonal'$"):
        check_order("diagonal")
