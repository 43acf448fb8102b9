"""Blocks of a result: where each begins, and the orders in which they can run."""

from collections.abc import Iterator

ORDERS = {
    "rows": "all columns of a block of rows, then the next rows",
    "columns": "all rows of a block of columns, then the next columns",
}


def block_corners(sides: tuple[int, int], sizes: tuple[int, int], order: str) -> Iterator[tuple[int, int]]:
    """(row, column) of each block's corner, in the order in which they run.

    sides, sizes  rows and columns of the whole, and of a block
    """
    rows, columns = (range(0, side, size) for side, size in zip(sides, sizes, strict=True))
    if order == "rows":
        return ((row, column) for row in rows for column in columns)
    return ((row, column) for column in columns for row in rows)


def check_order(order: str) -> None:
    """Raise ValueError for the name of no order."""
    if not isinstance(order, str) or order not in ORDERS:
        raise ValueError(f"order must be one of {', '.join(ORDERS)}, not {order!r}")
