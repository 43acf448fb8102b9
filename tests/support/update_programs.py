"""A small configuration with its updates, whose tiles can be counted by hand."""

from rtl.sat.config import SatConfig
from rtl.sparsity import Sparsity

# Lines of 144 bits hold 4 FP32: a slice of 2 weights needs 2 lines with momentum, else 1. A tile has 8 vectors of 4.
BASE = SatConfig(
    rows=2,
    columns=2,
    largest_m=4,
    chunk=16,
    update_lanes=2,
    memory_latency=10,
    read_bytes_per_cycle=32,
    write_bytes_per_cycle=16,
)


BOTH = dict(sparsity=Sparsity(2, 4), forward=True, backward=True)


def tiles(program):
    return list(program.tiles())
