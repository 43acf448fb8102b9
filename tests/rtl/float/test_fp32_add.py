"""fp32_add against its golden: each class with each, and random pairs that align, cancel and tie."""

from rtl import timing
from rtl.float import fp32_add as unit
from rtl.golden import fp32_add as golden
from tests.support import floats

COUNT = {"myhdl": 3_000, "icarus": 50_000}


def answers(compute, pairs):
    return compute(unit.fp32_add, unit.ports(), pairs, unit.LATENCY)


def test_every_class_plus_every_class_is_what_golden_says(compute):
    pairs = floats.every_pair(floats.FP32_CLASSES)
    assert answers(compute, pairs) == [golden(a, b) for a, b in pairs]
    assert len(pairs) == 34**2


def test_random_sums_come_one_a_cycle_after_the_promised_latency(compute, simulator, rng):
    pairs = list(
        zip(*(x.tolist() for x in floats.random_single_pairs(floats.numpy_of(rng), COUNT[simulator])), strict=True)
    )
    got = answers(compute, pairs)
    assert len(got) == COUNT[simulator]
    assert got == [golden(a, b) for a, b in pairs]


def test_a_number_and_almost_its_negative_cancel_exactly(compute, rng):
    bases = [rng.getrandbits(31) % 0x7F000000 for _ in range(400)]
    pairs = [(base, 1 << 31 | base + rng.choice([-2, -1, 0, 1, 2, 1 << 23]) & 0x7FFFFFFF) for base in bases]
    assert answers(compute, pairs) == [golden(a, b) for a, b in pairs]


def test_the_latency_is_the_one_that_the_model_counts():
    assert unit.LATENCY == timing.FP32_ADD
    assert timing.ACCUMULATE == timing.FP32_ADD + 1
