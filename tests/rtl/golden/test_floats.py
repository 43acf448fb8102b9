"""Unpacking, against NumPy's idea of every FP16 number and of each class of FP32."""

import numpy as np
import pytest

from rtl.golden.floats import FP16, FP32, unpack
from tests.support import floats


@pytest.mark.parametrize(
    "form, patterns, word, kind",
    [(FP16, range(1 << 16), np.uint16, np.float16), (FP32, floats.FP32_CLASSES, np.uint32, np.float32)],
)
def test_an_unpacked_number_has_the_value_that_numpy_sees(form, patterns, word, kind):
    with np.errstate(invalid="ignore"):  # a signalling NaN signals
        values = np.array(patterns, word).view(kind).astype(np.float64)
    for bits, value in zip(patterns, values.tolist(), strict=True):
        number = unpack(bits, form)
        assert number.nan == (value != value)
        assert number.infinite == (abs(value) == np.inf)
        assert number.sign == bits >> form.sign_place
        if not (number.nan or number.infinite):
            assert (-1) ** number.sign * number.significand * 2.0**number.power == value


def test_the_formats_are_those_of_ieee_754():
    assert (FP16.infinity, FP16.sign_place, FP16.lowest_power) == (0x7C00, 15, -24)
    assert (FP32.infinity, FP32.sign_place, FP32.lowest_power) == (0x7F800000, 31, -149)
