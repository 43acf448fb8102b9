"""Rounding of exact values, against NumPy's conversion from FP64."""

import numpy as np
import pytest

from rtl.float.formats import FP16, FP32
from rtl.golden.exact import round_exact
from tests.support import floats


@pytest.mark.parametrize("form, kind, powers", [(FP16, np.float16, (-60, 20)), (FP32, np.float32, (-190, 120))])
def test_any_significand_and_power_is_rounded_as_numpy_rounds_it(rng, form, kind, powers):
    cases = [(rng.getrandbits(1), rng.getrandbits(rng.randrange(1, 53)), rng.randrange(*powers)) for _ in range(20_000)]
    exact = np.array([(-1) ** sign * significand * 2.0**power for sign, significand, power in cases])
    exact[exact == 0] = [-0.0 if sign else 0.0 for sign, significand, _ in cases if not significand]
    with np.errstate(over="ignore"):
        expected = floats.canonical(exact.astype(kind)).tolist()
    assert [round_exact(*case, form) for case in cases] == expected
    assert {0, 1 << form.sign_place, form.infinity} <= set(expected)
