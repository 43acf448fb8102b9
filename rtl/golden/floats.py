"""IEEE 754 numbers as the goldens see them: an integer significand, a power of two, and a sign."""

import operator
from typing import NamedTuple

from rtl.float.formats import Format


class Unpacked(NamedTuple):
    """The value (-1)^sign * significand * 2^power; infinities and NaN by their flags."""

    sign: int
    significand: int
    power: int
    infinite: bool
    nan: bool


def unpack(bits: int, form: Format) -> Unpacked:
    """Split a bit pattern; a subnormal has no hidden bit and the exponent of the smallest normal.

    Raises ValueError for a pattern that is too long, and TypeError for a value that is no integer.
    """
    bits = operator.index(bits)  # a NumPy integer would overflow
    if not 0 <= bits < 2 << form.sign_place:
        raise ValueError(f"a pattern must fit {form.sign_place + 1} bits, not {bits:#x}")
    magnitude = bits & ((1 << form.sign_place) - 1)
    exponent, fraction = magnitude >> form.fraction_bits, magnitude & ((1 << form.fraction_bits) - 1)
    significand = fraction | (exponent > 0) << form.fraction_bits
    power = max(exponent, 1) - 1 + form.lowest_power
    return Unpacked(bits >> form.sign_place, significand, power, magnitude == form.infinity, magnitude > form.infinity)
