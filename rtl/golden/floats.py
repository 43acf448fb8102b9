"""IEEE 754 numbers as the goldens see them: an integer significand, a power of two, and a sign."""

import operator
from typing import NamedTuple

FP16_NAN = 0x7E00
FP32_NAN = 0x7FC00000


class Format(NamedTuple):
    """A binary interchange format."""

    exponent_bits: int
    fraction_bits: int

    @property
    def infinity(self) -> int:
        """The bit pattern of +infinity; from its successor on patterns are NaNs."""
        return ((1 << self.exponent_bits) - 1) << self.fraction_bits

    @property
    def sign_place(self) -> int:
        """The number of the sign's bit."""
        return self.exponent_bits + self.fraction_bits

    @property
    def lowest_power(self) -> int:
        """Power of two of the last bit of the smallest subnormal."""
        return 2 - (1 << self.exponent_bits - 1) - self.fraction_bits


FP16 = Format(5, 10)
FP32 = Format(8, 23)


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
