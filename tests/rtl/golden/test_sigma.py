"""SIGMA's arithmetic in NumPy against exact integers, and against sums that are added in the order of the tree."""

from itertools import product

import numpy as np
import pytest

from rtl.float.formats import FP16, FP32_NAN, Format
from rtl.golden import fp32_add
from rtl.golden.exact import multiply
from rtl.golden.floats import unpack
from rtl.golden.sigma import add, products, sums
from tests.support import floats

BF16 = Format(8, 7)
FORMATS = {"fp16": FP16, "bf16": BF16}
BF16_CLASSES = [
    s | x
    for s in (0, 0x8000)
    for x in (0, 1, 0x7F, 0x80, 0x81, 0x3480, 0x3A83, 0x3F80, 0x3F81, 0x7F00, 0x7F7F, 0x7F80, 0x7F81, 0x7FC0, 0x7FFF)
]
every_format = pytest.mark.parametrize("form", FORMATS)


def values(patterns, form):
    """float16, or float32 that hold bfloat16."""
    patterns = np.asarray(patterns, np.uint16)
    return patterns.view(np.float16) if form == "fp16" else (patterns.astype(np.uint32) << 16).view(np.float32)


def exact_product(pair, form):
    zero = 0 in (word & 0x7FFF for word in pair)
    return 0 if zero else multiply(*(unpack(int(word), FORMATS[form]) for word in pair))


@every_format
def test_a_product_is_the_exact_one_rounded_once(rng, form):
    """Each class with each; random patterns; and small bfloat16 numbers, whose products are subnormal and so round."""
    numbers = floats.numpy_of(rng)
    pairs = np.array(list(product(*[floats.FP16_CLASSES if form == "fp16" else BF16_CLASSES] * 2)))
    small = numbers.integers(50, 54, (3000, 2)) << 7 | numbers.integers(0, 128, (3000, 2))
    pairs = np.concatenate([pairs, numbers.integers(0, 1 << 16, (3000, 2)), small])
    got = products(*(values(side, form) for side in pairs.T))
    assert got.dtype == np.float32
    want = [exact_product(pair, form) for pair in pairs]
    assert floats.canonical(got).tolist() == want
    assert form == "fp16" or sum(0 < word < 0x800000 for word in want) > 1000


@every_format
def test_zeros_are_not_multiplied_even_by_infinity(form):
    infinity, nan = (0x7C00, 0x7E00) if form == "fp16" else (0x7F80, 0x7FC0)
    others, zeros = values([infinity, nan, 0x8001, 0x8000], form), values([0, 0x8000], form)
    for got in (products(others[:, None], zeros), products(zeros[:, None], others)):
        assert got.view(np.uint32).ravel().tolist() == [0] * 8


def test_a_stationary_vector_meets_every_column_and_each_run_is_summed_in_the_trees_order(rng):
    """Lanes 0 to 2 are ((0 + 1) + 2); lanes 3 to 6 meet at adder 3, which adds lane 3 to ((4 + 5) + 6); 7 is alone."""
    numbers = floats.numpy_of(rng)
    stationary = values(floats.random_halves(numbers, 8), "fp16")
    streamed = values(floats.random_halves(numbers, 800).reshape(100, 8), "fp16")
    got, complete = sums(stationary, streamed, [0, 0, 0, 1, 1, 1, 1, 2])
    assert got.shape == (100, 8) and complete.tolist() == [False, True, False, True, False, False, False, True]
    for column, found in zip(streamed, got, strict=True):
        a, b, c, d, e, f, g, h = floats.canonical(products(stationary, column)).tolist()
        want = [fp32_add(fp32_add(a, b), c), fp32_add(d, fp32_add(fp32_add(e, f), g)), h]
        assert floats.canonical(found[complete]).tolist() == want


def test_an_addition_rounds_once_and_gives_one_nan(rng):
    pairs = np.array(floats.every_pair(floats.FP32_CLASSES), np.uint32)
    more = np.stack(floats.random_single_pairs(floats.numpy_of(rng), 3000), axis=1)
    old, part = np.concatenate([pairs, more]).T.copy().view(np.float32)
    before = old.tobytes()
    got = add(old, part).view(np.uint32).tolist()
    assert got == [
        fp32_add(a, b) for a, b in zip(old.view(np.uint32).tolist(), part.view(np.uint32).tolist(), strict=True)
    ]
    assert FP32_NAN in got and len(got) == 34**2 + 3000 and old.tobytes() == before
