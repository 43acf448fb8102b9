"""fan_adder: a sum, or the left operand as it is."""

from rtl import timing
from rtl.golden import fp32_add
from rtl.sigma.reduction import fan_adder as unit
from tests.support import floats

COUNT = {"myhdl": 1_000, "icarus": 10_000}


def answers(compute, vectors):
    return compute(unit.fan_adder, unit.ports(), vectors, unit.LATENCY)


def test_it_adds_and_passes_in_turns_after_the_promised_latency(compute, simulator, rng):
    pairs = zip(*(x.tolist() for x in floats.random_single_pairs(floats.numpy_of(rng), COUNT[simulator])), strict=True)
    vectors = [(a, b, rng.getrandbits(1)) for a, b in pairs]
    got = answers(compute, vectors)
    assert got == [fp32_add(a, b) if add else a for a, b, add in vectors]
    assert len(got) == COUNT[simulator]


def test_what_passes_is_untouched_by_the_other_operand_and_every_nan_is_canonical(compute):
    pairs = floats.every_pair(floats.FP32_CLASSES)
    got = answers(compute, [(a, b, 0) for a, b in pairs])
    assert got == [0x7FC00000 if a & 0x7FFFFFFF > 0x7F800000 else a for a, _ in pairs]
    assert len(pairs) == 34**2


def test_the_latency_is_the_one_that_the_model_counts():
    assert unit.LATENCY == timing.ACCUMULATE == timing.FP32_ADD + 1
