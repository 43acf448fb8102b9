"""SIGMA's controller: from two bitmaps to the contents of its lanes, before and while a tile runs.

The steps of the paper, of a chunk of k: OR the streamed bitmap's rows (REGOR), and drop stationary values whose row is
empty; pack what stays into the Flex-DPEs; count each value's place in its Flex-DPE, and each streamed value's place
among those of its column; and from both set the Benes network.

The streamed words of a column are unpacked by their bitmap on the memory's side, each to the port of its k. So the
network is set once a tile, for the path from port to lane, and not for each column: `counters` and `table` tell the two
steps as the paper's one, for whoever wants to follow it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rtl.golden.benes import route
from rtl.sigma.config import SigmaConfig
from tlm.sigma.packing import Fold

IDLE = -1


class Lanes(NamedTuple):
    """Contents of the lanes, int arrays (engines, lanes): a row of the block and an element of the chunk, or IDLE."""

    rows: np.ndarray
    elements: np.ndarray


class Entry(NamedTuple):
    """A line of the SRC-DEST table: the row whose sum a product is part of, and its way through the Benes network."""

    row: int
    source: int
    destination: int


def regor(stream: np.ndarray) -> np.ndarray:
    """The elements of k that have a value in any column: (k,) bool of the streamed bitmap (k, columns)."""
    return np.asarray(stream.any(axis=1))


def lanes_of(fold: Fold, kept: np.ndarray, config: SigmaConfig) -> Lanes:
    """The lanes of the kept values, bitmap (rows, depth), of a fold that is in the Flex-DPEs."""
    rows, elements = (np.full((config.engines, config.lanes), IDLE) for _ in range(2))
    for segment in fold.segments:
        place = segment.engine, slice(segment.lane, segment.lane + segment.count)
        rows[place] = segment.row
        elements[place] = np.flatnonzero(kept[segment.row])[segment.start : segment.start + segment.count]
    return Lanes(rows, elements)


def counters(column: np.ndarray) -> np.ndarray:
    """The number of each value of a column, bitmap (depth,), among its values; IDLE where there is none."""
    return np.where(column, np.cumsum(column) - 1, IDLE)


def table(lanes: Lanes, engine: int, column: np.ndarray) -> list[Entry]:
    """The SRC-DEST table of a Flex-DPE for a column, bitmap (depth,): the products of two values."""
    rows, elements, places = lanes.rows[engine], lanes.elements[engine], counters(column)
    return [
        Entry(int(rows[lane]), int(places[elements[lane]]), int(lane))
        for lane in np.flatnonzero(rows != IDLE)
        if column[elements[lane]]
    ]


def settings(elements: Sequence[int]) -> int:
    """The Benes network's settings for lanes that want these elements of the chunk, or IDLE."""
    return route(tuple(None if element == IDLE else int(element) for element in elements))
