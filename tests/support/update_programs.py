"""An update with both copies. On gemm_times.BASE lines of 144 bits hold 4 FP32: a slice of 2 weights needs 2 lines
with momentum, else 1; a tile has 8 vectors of 4."""

from rtl.sparsity import Sparsity

BOTH = dict(sparsity=Sparsity(2, 4), forward=True, backward=True)


def tiles(program):
    return list(program.tiles())
