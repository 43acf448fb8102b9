"""The golden sum against NumPy, which adds in hardware."""

import numpy as np
import pytest

from rtl.golden import fp32_add
from tests.support import floats
from tests.support.marks import first_now

PARTS, PART = 8, 131_072


def sums(a: np.ndarray, b: np.ndarray) -> list[int]:
    with np.errstate(invalid="ignore", over="ignore"):
        return floats.canonical(a.view(np.float32) + b.view(np.float32)).tolist()


def test_every_class_plus_every_class_is_what_numpy_says():
    a, b = np.array(floats.every_pair(floats.FP32_CLASSES), np.uint32).T.copy()
    assert list(map(fp32_add, a.tolist(), b.tolist())) == sums(a, b)
    assert len(a) == 34**2


@pytest.mark.parametrize("part", first_now(range(PARTS)))
def test_a_million_random_sums_are_what_numpy_says(rng, part):
    a, b = floats.random_single_pairs(floats.numpy_of(rng, part), PART)
    assert list(map(fp32_add, a.tolist(), b.tolist())) == sums(a, b)
    assert len(a) * PARTS >= 1_000_000


def test_a_tie_goes_to_the_even_neighbour():
    one, unit = floats.single(1.0), floats.single(2.0**-23)
    tie = floats.single(2.0**-24)
    assert fp32_add(one, tie) == one
    assert fp32_add(fp32_add(one, unit), tie) == floats.single(1 + 2.0**-22)


def test_only_two_negative_zeros_make_a_negative_zero():
    plus, minus = 0, 1 << 31
    assert [fp32_add(a, b) for a, b in floats.every_pair([plus, minus])] == [plus, plus, plus, minus]
    assert fp32_add(floats.single(1.5), floats.single(-1.5)) == plus
