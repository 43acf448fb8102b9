"""Binary interchange formats of IEEE 754, and the one NaN that each float unit gives: shared by blocks and goldens."""

from typing import NamedTuple

from rtl.hdl.layout import Layout

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

    @property
    def layout(self) -> Layout:
        """Fields of a number."""
        return Layout(fraction=self.fraction_bits, exponent=self.exponent_bits, sign=1)


FP16 = Format(5, 10)
FP32 = Format(8, 23)
