"""Golden model of fp32_add, in plain integers."""

from rtl.float.formats import FP32, FP32_NAN
from rtl.golden.exact import round_exact
from rtl.golden.floats import unpack


def fp32_add(a: int, b: int) -> int:
    """Sum of two FP32 bit patterns, rounded once to nearest even. Every NaN is 0x7FC00000."""
    x, y = unpack(a, FP32), unpack(b, FP32)
    if x.nan or y.nan or (x.infinite and y.infinite and x.sign != y.sign):
        return FP32_NAN
    if x.infinite or y.infinite:
        return (x if x.infinite else y).sign << 31 | FP32.infinity
    power = min(x.power, y.power)
    total = sum((-1) ** v.sign * v.significand << v.power - power for v in (x, y))
    sign = x.sign & y.sign if total == 0 else int(total < 0)  # only -0 + -0 is -0
    return round_exact(sign, abs(total), power, FP32)
