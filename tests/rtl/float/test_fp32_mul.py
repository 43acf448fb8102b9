"""fp32_mul against its golden: each class with each, and random pairs that underflow, overflow and tie."""

from rtl import timing
from rtl.float import fp32_mul as unit
from rtl.golden import fp32_mul as golden
from tests.support import floats

COUNT = {"myhdl": 3_000, "icarus": 50_000}


def answers(compute, pairs):
    return compute(unit.fp32_mul, unit.ports(), pairs, unit.LATENCY)


def test_every_class_times_every_class_is_what_golden_says(compute):
    pairs = floats.every_pair(floats.FP32_CLASSES)
    assert answers(compute, pairs) == [golden(a, b) for a, b in pairs]
    assert len(pairs) == 34**2


def test_random_products_come_one_a_cycle_after_the_promised_latency(compute, simulator, rng):
    pairs = list(
        zip(*(x.tolist() for x in floats.random_single_factors(floats.numpy_of(rng), COUNT[simulator])), strict=True)
    )
    got = answers(compute, pairs)
    assert len(got) == COUNT[simulator]
    assert got == [golden(a, b) for a, b in pairs]


def test_a_number_times_every_power_of_two_goes_from_zero_to_infinity(compute, rng):
    powers = [1 << place for place in range(23)] + [exponent << 23 for exponent in range(1, 255)]
    numbers = [rng.getrandbits(1) << 31 | exponent << 23 | rng.getrandbits(23) for exponent in (0, 1, 127, 254)]
    pairs = [(number, power) for number in numbers for power in powers]
    got = answers(compute, pairs + [(power, number) for number, power in pairs])
    expected = [golden(*pair) for pair in pairs]
    assert got == expected + expected
    assert {0, 0x7F800000} <= {product & 0x7FFFFFFF for product in expected}


def test_the_latency_is_the_one_that_the_model_counts():
    assert unit.LATENCY == timing.FP32_MUL
