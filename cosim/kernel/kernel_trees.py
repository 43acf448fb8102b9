"""Products of values other than zero, summed by trees of adders as they are packed: in C++."""

import struct
from typing import NamedTuple

import numpy as np

from cosim.kernel.kernel import data_of
from cosim.kernel.kernel_library import library

TREES_CALL = struct.Struct("11q")


class Packing(NamedTuple):
    """How values are packed: into units with so many lanes each, which hold so many rows; and a block's sizes."""

    rows: int
    columns: int
    engines: int
    lanes: int
    results: int


def tree_sums(stationary: np.ndarray, stream: np.ndarray, packing: Packing) -> np.ndarray:
    """The product of (rows, k) and (k, columns), float32, in the order of cosim/sigma/reference.py: (rows, columns)
    float32, in which a NaN may have any pattern. Only where the kernel's path is C++ (cosim.kernel.kernel.path)."""
    stationary, stream = (np.ascontiguousarray(side, np.float32) for side in (stationary, stream))
    (rows, k), columns = stationary.shape, stream.shape[1]
    c = np.zeros((rows, columns), np.float32)
    addresses = data_of(stationary), data_of(stream), data_of(c)
    library().trees(TREES_CALL.pack(rows, k, columns, *packing, *addresses))
    return c
