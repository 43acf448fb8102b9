"""span_adder: the sum of both halves of a row, or the second one as it is, after the same time."""

from rtl import timing as units
from rtl.golden import fp32_add
from rtl.sigma import timing
from rtl.sigma.reduction.span_adder import span_adder
from tests.support import floats

COUNT = {"myhdl": 1_000, "icarus": 10_000}


def answers(compute, vectors):
    """Its answers to (begun, ended, spans), with `ended` again after the time of a sum, as a Flex-DPU has it."""
    vectors = [*vectors, *[(0, 0, 0)] * timing.SPAN]
    later = [*[0] * timing.SPAN, *(ended for _, ended, _ in vectors)]
    given = [(begun, ended, late, spans) for (begun, ended, spans), late in zip(vectors, later, strict=False)]
    return compute(span_adder, span_adder.ports(), given, timing.SPAN)[: -timing.SPAN]


def expected(begun, ended, spans):
    return fp32_add(begun, ended) if spans else ended


def test_sums_and_words_that_pass_come_in_turns_after_the_promised_latency(compute, simulator, rng):
    pairs = zip(*(x.tolist() for x in floats.random_single_pairs(floats.numpy_of(rng), COUNT[simulator])), strict=True)
    vectors = [(a, b, rng.getrandbits(1)) for a, b in pairs]
    got = answers(compute, vectors)
    assert got == [expected(*vector) for vector in vectors]
    assert len(got) == COUNT[simulator]


def test_every_class_is_added_to_every_class_and_passes_each(compute):
    vectors = [(a, b, spans) for a, b in floats.every_pair(floats.FP32_CLASSES) for spans in (0, 1)]
    assert answers(compute, vectors) == [expected(*vector) for vector in vectors]


def test_minus_zero_and_any_nan_pass_as_they_are(compute):
    passing = [0x80000000, 0xFFC01234, 0x7F800001]
    assert answers(compute, [(0x3F800000, word, 0) for word in passing]) == passing


def test_it_takes_what_an_addition_and_its_register_take():
    assert timing.SPAN == units.ACCUMULATE == 4
