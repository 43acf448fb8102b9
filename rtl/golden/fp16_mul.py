"""Golden model of fp16_mul, in plain integers."""

from rtl.float.formats import FP16
from rtl.golden.exact import multiply
from rtl.golden.floats import unpack


def fp16_mul(a: int, b: int) -> int:
    """Product of two FP16 bit patterns as an FP32 bit pattern; it is always exact. Every NaN is 0x7FC00000."""
    return multiply(unpack(a, FP16), unpack(b, FP16))
