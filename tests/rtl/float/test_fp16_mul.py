"""fp16_mul against its golden: each class with each, and random pairs."""

from rtl import timing
from rtl.float import fp16_mul as unit
from rtl.golden import fp16_mul as golden
from tests.support import floats

COUNT = {"myhdl": 3_000, "icarus": 50_000}


def answers(compute, pairs):
    return compute(unit.fp16_mul, unit.ports(), pairs, unit.LATENCY)


def test_every_class_times_every_class_is_what_golden_says(compute):
    pairs = floats.every_pair(floats.FP16_CLASSES)
    assert answers(compute, pairs) == [golden(a, b) for a, b in pairs]
    assert len(pairs) == 26**2


def test_random_products_come_one_a_cycle_after_the_promised_latency(compute, simulator, rng):
    numbers, count = floats.numpy_of(rng), COUNT[simulator]
    pairs = [tuple(pair) for pair in floats.random_halves(numbers, 2 * count).reshape(count, 2).tolist()]
    got = answers(compute, pairs)
    assert len(got) == count
    assert got == [golden(a, b) for a, b in pairs]


def test_the_latency_is_the_one_that_the_model_counts():
    assert unit.LATENCY == timing.FP16_MUL
