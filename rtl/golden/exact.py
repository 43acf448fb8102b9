"""From an exact value to the nearest float: the second half of every golden unit."""

from rtl.float.formats import FP32, FP32_NAN, Format
from rtl.golden.floats import Unpacked
from rtl.golden.fp_round import fp_round


def round_exact(sign: int, significand: int, power: int, form: Format) -> int:
    """Round (-1)^sign * significand * 2^power, any non-negative integer significand, to a bit pattern of `form`."""
    if significand == 0:
        return sign << form.sign_place
    # The last place of the result: fraction_bits below the leading one, or the subnormals' last place.
    last = max(power + significand.bit_length() - 1 - form.fraction_bits, form.lowest_power)
    shift = max(last - power, 0)
    kept = significand >> shift << max(power - last, 0)
    guard = significand >> shift - 1 & 1 if shift else 0
    sticky = significand & (1 << shift - 1) - 1 != 0 if shift else False
    exponent = last - form.lowest_power  # the hidden bit of `kept` adds 1 to it; a subnormal has none
    word = (exponent << form.fraction_bits) + kept
    return sign << form.sign_place | fp_round(word, guard, sticky, *form)


def multiply(x: Unpacked, y: Unpacked) -> int:
    """The product of two numbers of any format, rounded once to an FP32 bit pattern. Every NaN is 0x7FC00000."""
    sign = x.sign ^ y.sign
    if x.nan or y.nan:
        return FP32_NAN
    if x.infinite or y.infinite:
        zero = not (x.significand and y.significand)
        return FP32_NAN if zero else sign << 31 | FP32.infinity
    return round_exact(sign, x.significand * y.significand, x.power + y.power, FP32)
