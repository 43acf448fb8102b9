"""fan_leaf: one sum to both sides, or a lane to each."""

from rtl import timing
from rtl.golden import fp32_add
from rtl.sigma.reduction import fan_leaf as unit
from tests.support import floats

COUNT = {"myhdl": 1_000, "icarus": 10_000}


def answers(compute, vectors):
    return compute(unit.fan_leaf, unit.ports(), vectors, unit.LATENCY)


def expected(left, right, add):
    if add:
        return (fp32_add(left, right),) * 2
    return 0x7FC00000 if left & 0x7FFFFFFF > 0x7F800000 else left, right


def test_lanes_of_one_run_or_of_two_come_in_turns_after_the_promised_latency(compute, simulator, rng):
    pairs = zip(*(x.tolist() for x in floats.random_single_pairs(floats.numpy_of(rng), COUNT[simulator])), strict=True)
    vectors = [(a, b, rng.getrandbits(1)) for a, b in pairs]
    got = answers(compute, vectors)
    assert got == [expected(*vector) for vector in vectors]
    assert len(got) == COUNT[simulator]


def test_every_class_passes_on_both_sides(compute):
    pairs = floats.every_pair(floats.FP32_CLASSES)
    assert answers(compute, [(a, b, 0) for a, b in pairs]) == [expected(a, b, 0) for a, b in pairs]


def test_the_latency_is_the_one_that_the_model_counts():
    assert unit.LATENCY == timing.ACCUMULATE
