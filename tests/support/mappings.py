"""Mappings as the scheduler weighs them."""

import numpy as np

from tlm.sat.mapping import Mappings


def many(mapping, copies=1):
    """The mapping as one of many."""
    sizes = (np.full(copies, size) for size in (mapping.rows, mapping.columns, mapping.depth))
    return Mappings(mapping.dataflow, *sizes, mapping.order)
