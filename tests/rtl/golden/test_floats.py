"""Unpacking, against NumPy's idea of every FP16 number and of each class of FP32."""

import numpy as np
import pytest

from rtl.float.formats import FP16, FP32
from rtl.golden.floats import unpack
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
