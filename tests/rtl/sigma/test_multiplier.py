"""multiplier: FP16 products, bfloat16 products rounded once, and nothing where a factor is zero."""

from fractions import Fraction

import numpy as np
import pytest

from rtl import timing as units
from rtl.float.formats import FP16, FP32, FP32_NAN, Format
from rtl.golden.exact import multiply
from rtl.golden.floats import unpack
from rtl.sigma import timing
from rtl.sigma.multiplier import multiplier
from tests.support import floats

BF16 = Format(8, 7)
COUNT = {"myhdl": 2_000, "icarus": 15_000}
# zero, smallest and largest subnormal, smallest normal ones, one, largest, infinity, NaN; and powers whose products tie
BF16_CLASSES = [
    s | x
    for s in (0, 0x8000)
    for x in (
        0,
        1,
        3,
        0x7F,
        0x80,
        0x81,
        0x3F80,
        0x3F81,
        0x3480,
        0x3A83,
        0x3C00,
        0x7F00,
        0x7F7F,
        0x7F80,
        0x7F81,
        0x7FC0,
        0x7FFF,
    )
]
every_format = pytest.mark.parametrize("bf16", [0, 1], ids=["fp16", "bf16"])


def answers(compute, pairs, bf16):
    return compute(multiplier, multiplier.ports(), pairs, timing.MULTIPLY["bf16" if bf16 else "fp16"], bf16=bf16)


def expected(pair, bf16):
    """By integers: the exact product, rounded once."""
    a, b = (unpack(word, BF16 if bf16 else FP16) for word in pair)
    return 0 if 0 in (word & 0x7FFF for word in pair) else multiply(a, b)


def random_bf16_pairs(numbers, count):
    """A third of the products lies around the smallest numbers, normal or not, a third around the largest."""
    products = np.choose(
        numbers.integers(0, 3, count),
        [
            numbers.integers(127 - 26, 127 + 3, count),
            numbers.integers(127 + 250, 127 + 257, count),
            numbers.integers(0, 509, count),
        ],
    )
    first = numbers.integers(0, 255, count)
    second = np.clip(products - first, 0, 254)
    fractions = numbers.integers(0, 128, (2, count)) & np.where(numbers.random(count) < 1 / 2, 0x60, 0x7F)
    signs = numbers.integers(0, 2, (2, count)) << 15
    a, b = signs | np.stack([first, second]) << 7 | fractions
    return list(zip(a.tolist(), b.tolist(), strict=True))


def ties(pair):
    """Whether a product lies just between two FP32 numbers, below the normal ones."""
    values = [unpack(word, BF16) for word in pair]
    if any(value.nan or value.infinite for value in values):
        return False
    product = Fraction(2) ** (sum(value.power for value in values) - FP32.lowest_power)
    for value in values:
        product *= value.significand
    return product % 1 == Fraction(1, 2)


@every_format
def test_every_class_times_every_class(compute, bf16):
    pairs = floats.every_pair(BF16_CLASSES if bf16 else floats.FP16_CLASSES)
    assert answers(compute, pairs, bf16) == [expected(pair, bf16) for pair in pairs]
    assert len(pairs) == (34 if bf16 else 26) ** 2


def test_random_fp16_products_come_one_a_cycle_after_the_promised_latency(compute, simulator, rng):
    pairs = list(map(tuple, floats.random_halves(floats.numpy_of(rng), 2 * COUNT[simulator]).reshape(-1, 2).tolist()))
    got = answers(compute, pairs, 0)
    assert got == [expected(pair, 0) for pair in pairs]
    assert len(got) == COUNT[simulator]


def test_random_bf16_products_round_once_where_they_underflow_and_overflow(compute, simulator, rng):
    count = COUNT[simulator]
    pairs = random_bf16_pairs(floats.numpy_of(rng), count)
    got = answers(compute, pairs, 1)
    assert got == [expected(pair, 1) for pair in pairs]
    sizes = [product & 0x7FFFFFFF for product in got]
    assert sum(0 < size < 0x800000 for size in sizes) > count // 10  # subnormal
    assert sum(size == FP32.infinity for size in sizes) > count // 100
    assert sum(map(ties, pairs)) > count // 500
    lost = [size for size, pair in zip(sizes, pairs, strict=True) if size == 0 and all(word & 0x7FFF for word in pair)]
    assert len(lost) > count // 100  # rounded to zero, and not skipped


@pytest.mark.parametrize(
    "a, b, product",
    [
        (0x3F80, 0x4000, 0x40000000),
        (0x0080, 0x3F00, 0x00400000),  # 1 * 2; half of the smallest normal one
        (0x1A00, 0x1A00, 0x00000000),  # 2^-150, a tie between 0 and 2^-149: even
        (0x1A40, 0x1A00, 0x00000001),  # 1.5 * 2^-150
        (0x1A40, 0x9A80, 0x80000002),  # -1.5 * 2^-149, a tie between 1 and 2: even
        (0x7F7F, 0x7F7F, 0x7F800000),
        (0xFF7F, 0x4000, 0xFF800000),
        (0x7F80, 0x8001, 0xFF800000),
        (0x7F80, 0x7FC1, FP32_NAN),
        (0xFFFF, 0x3F80, FP32_NAN),
    ],
)
def test_bf16_products_worked_out_by_hand(compute, a, b, product):
    assert answers(compute, [(a, b), (b, a)], 1) == [product, product]


@every_format
def test_a_zero_is_not_multiplied_by_anything_and_gives_plus_zero(compute, rng, bf16):
    """Between products that are none, so that a mask a cycle early or late would show."""
    others = [0x7F80, 0xFF80, 0x7FC0, 0x7C00, 0xFC00, 0x7E00, 1, 0xBC00]
    pairs = [
        pair for other in others for zero in (0, 0x8000) for pair in ((zero, other), (other, 0x3C01), (other, zero))
    ]
    got = answers(compute, pairs, bf16)
    assert got[::3] == got[2::3] == [0] * 16
    assert got[1::3] == [expected(pair, bf16) for pair in pairs[1::3]] and 0 not in got[1::3]


def test_the_latencies_are_those_of_the_units_and_a_register_after_rounding():
    assert timing.MULTIPLY == {"fp16": units.FP16_MUL, "bf16": units.FP32_MUL + 1} == {"fp16": 2, "bf16": 5}
