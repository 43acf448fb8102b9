"""The golden conversion against NumPy, around every rounding boundary and for random numbers."""

import numpy as np
import pytest

from rtl.golden import fp32_to_fp16
from tests.support import floats
from tests.support.marks import first_now

PARTS, PART = 8, 131_072


def converted(values: np.ndarray) -> list[int]:
    with np.errstate(invalid="ignore", over="ignore"):
        return floats.canonical(values.view(np.float32).astype(np.float16)).tolist()


def test_every_class_is_what_numpy_says():
    values = np.array(floats.FP32_CLASSES, np.uint32)
    assert list(map(fp32_to_fp16, values.tolist())) == converted(values)


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_every_half_and_its_neighbours_are_what_numpy_says(step):
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    values = halves.astype(np.float32).view(np.uint32) + np.uint32(step % 2**32)
    assert list(map(fp32_to_fp16, values.tolist())) == converted(values)
    assert len(values) == 65_536


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_every_midpoint_of_two_halves_and_its_neighbours_are_what_numpy_says(step):
    values = floats.rounding_boundaries() + np.uint32(step % 2**32)
    assert list(map(fp32_to_fp16, values.tolist())) == converted(values)
    assert len(values) == 2 * 0x7BFF


@pytest.mark.parametrize("part", first_now(range(PARTS)))
def test_a_million_random_numbers_are_what_numpy_says(rng, part):
    values = floats.random_singles(floats.numpy_of(rng, part), PART)
    assert list(map(fp32_to_fp16, values.tolist())) == converted(values)
    assert len(values) * PARTS >= 1_000_000


def test_what_lies_halfway_above_the_largest_half_becomes_infinity():
    assert fp32_to_fp16(floats.single(65519.996)) == 0x7BFF
    assert fp32_to_fp16(floats.single(65520.0)) == 0x7C00
    assert fp32_to_fp16(floats.single(-65520.0)) == 0xFC00
