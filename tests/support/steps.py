"""A small training step, and an array on which it takes no time to be planned."""

from rtl.sat.config import PRESETS
from rtl.sparsity import Sparsity
from tlm import Gemm, Update

TINY = PRESETS["small"].model_copy(update=dict(name="tiny", rows=2, columns=2, chunk=16, largest_m=8, buffer_kib=1))
PATTERN = Sparsity(2, 8)
STEP = [
    Gemm(9, 16, 8, PATTERN, "fp16", "one", "ff"),
    Gemm(9, 8, 6, None, "fp16", "two", "ff"),
    Gemm(9, 6, 8, None, "fp16", "two", "bp"),
    Gemm(8, 9, 6, None, "fp32", "two", "wu"),
    Gemm(16, 9, 8, None, "fp32", "one", "wu"),
    Update(16, 8, 16, PATTERN, True, True, layer="one"),
    Update(8, 6, 8, PATTERN, True, layer="two"),
    Update(1, 6, 1, layer="two.bias"),
]
