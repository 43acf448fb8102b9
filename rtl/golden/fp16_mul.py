"""What fp16_mul computes, in plain integers."""
from rtl.golden.exact import round_exact
from rtl.golden.floats import FP16, FP32, FP32_NAN, unpack


def fp16_mul(a: int, b: int) -> int:
    """Product of two FP16 bit patterns as an FP32 bit pattern; it is always exact. Every NaN is 0x7FC00000."""
    x, y = unpack(a, FP16), unpack(b, FP16)
    sign = x.sign ^ y.sign
    if x.nan or y.nan:
        return FP32_NAN
    if x.infinite or y.infinite:
        zero = not (x.significand and y.significand)
        return FP32_NAN if zero else sign << 31 | FP32.infinity
    return round_exact(sign, x.significand * y.significand, x.power + y.power, FP32)
