"""Golden model of fp32_mul, in plain integers."""

from rtl.float.formats import FP32
from rtl.golden.exact import multiply
from rtl.golden.floats import unpack


def fp32_mul(a: int, b: int) -> int:
    """Product of two FP32 bit patterns, rounded once to nearest even. Every NaN is 0x7FC00000."""
    return multiply(unpack(a, FP32), unpack(b, FP32))
