"""The golden product against NumPy, which multiplies in hardware."""

import numpy as np
import pytest

from rtl.golden import fp32_mul
from tests.support import floats
from tests.support.marks import first_now

PARTS, PART = 8, 131_072


def products(a: np.ndarray, b: np.ndarray) -> list[int]:
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        return floats.canonical(a.view(np.float32) * b.view(np.float32)).tolist()


def test_every_class_times_every_class_is_what_numpy_says():
    a, b = np.array(floats.every_pair(floats.FP32_CLASSES), np.uint32).T.copy()
    assert list(map(fp32_mul, a.tolist(), b.tolist())) == products(a, b)
    assert len(a) == 34**2


@pytest.mark.parametrize("part", first_now(range(PARTS)))
def test_a_million_random_products_are_what_numpy_says(rng, part):
    a, b = floats.random_single_factors(floats.numpy_of(rng, part), PART)
    assert list(map(fp32_mul, a.tolist(), b.tolist())) == products(a, b)
    assert len(a) * PARTS >= 1_000_000


def test_a_tie_goes_to_the_even_neighbour():
    three, smallest = floats.single(3.0), 1  # 2^-149, the last place of every subnormal
    half = floats.single(0.5)
    assert fp32_mul(smallest, half) == 0
    assert fp32_mul(fp32_mul(smallest, three), half) == 2
    assert fp32_mul(floats.single(1 + 2.0**-12), floats.single(1 + 2.0**-12)) == floats.single(1 + 2.0**-11)


def test_the_largest_subnormal_may_round_up_to_the_smallest_normal_number():
    assert fp32_mul(0x00FFFFFF, floats.single(0.5)) == 0x00800000
    assert fp32_mul(0x00FFFFFE, floats.single(0.5)) == 0x007FFFFF


def test_what_lies_halfway_above_the_largest_number_becomes_infinity():
    largest, scale = 0x7F7FFFFF, 2.0**103  # (2^25 - 2) * scale
    assert fp32_mul(floats.single(8190.0), floats.single(4097 * scale)) == largest
    assert fp32_mul(floats.single(31.0), floats.single(1082401 * scale)) == 0x7F800000  # 31 * 1082401 = 2^25 - 1
    assert fp32_mul(floats.single(31.0), floats.single(1082400 * scale)) < largest


def test_a_product_is_zero_or_infinite_with_the_sign_of_its_factors():
    tiny, huge, sign = 0x00800000, 0x7F000000, 1 << 31
    assert [fp32_mul(a, b) for a, b in floats.every_pair([tiny, sign | tiny])] == [0, sign, sign, 0]
    assert fp32_mul(sign | huge, huge) == sign | 0x7F800000
