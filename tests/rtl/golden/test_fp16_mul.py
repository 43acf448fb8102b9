"""The golden product against NumPy, which multiplies in hardware."""

import numpy as np
import pytest

from rtl.golden import fp16_mul
from tests.support import floats
from tests.support.marks import first_now

PARTS, PART = 8, 131_072


def products(a: np.ndarray, b: np.ndarray) -> list[int]:
    """NumPy's product, which is exact in FP32 for two FP16 numbers."""
    with np.errstate(invalid="ignore"):
        return floats.canonical(a.view(np.float16).astype(np.float32) * b.view(np.float16).astype(np.float32)).tolist()


def test_every_class_times_every_class_is_what_numpy_says():
    a, b = np.array(floats.every_pair(floats.FP16_CLASSES), np.uint16).T.copy()
    assert list(map(fp16_mul, a.tolist(), b.tolist())) == products(a, b)
    assert len(a) == 26**2


@pytest.mark.parametrize("part", first_now(range(PARTS)))
def test_a_million_random_products_are_what_numpy_says(rng, part):
    numbers = floats.numpy_of(rng, part)
    a, b = floats.random_halves(numbers, PART), floats.random_halves(numbers, PART)
    assert list(map(fp16_mul, a.tolist(), b.tolist())) == products(a, b)
    assert len(a) * PARTS >= 1_000_000


def test_one_times_any_half_is_that_half():
    halves = np.arange(1 << 16, dtype=np.uint16)
    one = [floats.half(1.0)] * len(halves)
    expected = floats.canonical(halves.view(np.float16).astype(np.float32)).tolist()
    assert list(map(fp16_mul, halves.tolist(), one)) == expected
