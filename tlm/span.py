"""A tile's times, as a timeline tells them."""

from typing import NamedTuple


class Span(NamedTuple):
    """One tile's times, each the cycle after the last of its activity; a tile that does not store has no store."""

    load_start: int
    load_end: int
    compute_start: int
    compute_end: int
    store_end: int | None
