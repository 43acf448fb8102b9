"""The formats of numbers, as IEEE 754 has them, and the NaN that the units give, as NumPy makes it."""

import numpy as np

from rtl.float.formats import FP16, FP16_NAN, FP32, FP32_NAN


def test_the_formats_are_those_of_ieee_754():
    assert (FP16.infinity, FP16.sign_place, FP16.lowest_power) == (0x7C00, 15, -24)
    assert (FP32.infinity, FP32.sign_place, FP32.lowest_power) == (0x7F800000, 31, -149)


def test_the_canonical_nans_are_quiet_and_positive_as_numpy_makes_them():
    assert np.float16(np.nan).view(np.uint16) == FP16_NAN
    assert np.float32(np.nan).view(np.uint32) == FP32_NAN
