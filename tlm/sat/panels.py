"""Panels of a GEMM's operand a, the rows of one row of blocks each: their bytes off-chip."""

from functools import lru_cache

import numpy as np

from tlm.feature_map import ELEMENT, FeatureMap, Rows


def panel(k: int, source: FeatureMap | None, first: Rows, end: Rows) -> Rows:
    """Bytes of rows first .. end - 1 of a, of k elements each; of each of many panels."""
    matrix = (end - first) * k * ELEMENT
    return np.minimum(matrix, source.touched(first, end)) if source else matrix


@lru_cache(maxsize=4096)  # a scheduler asks for the same ones again and again
def panels(m: int, k: int, source: FeatureMap | None, rows: int) -> tuple[int, int, int]:
    """Bytes of the largest of the panels with so many rows of a, and of all of them; and how many but the first have
    none, since their windows lie in the padding."""
    if source is None:
        return min(rows, m) * k * ELEMENT, m * k * ELEMENT, 0
    first = np.arange(0, m, rows)
    sizes = np.asarray(panel(k, source, first, np.minimum(first + rows, m)))
    return int(sizes.max()), int(sizes.sum()), int(np.count_nonzero(sizes[1:] == 0))
