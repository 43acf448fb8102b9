"""fp32_to_fp16 against its golden: every class, every place where rounding turns, and random numbers."""

from rtl.float import fp32_to_fp16 as unit
from rtl.golden import fp32_to_fp16 as golden
from tests.support import floats

COUNT = {"myhdl": 3_000, "icarus": 50_000}


def answers(compute, values):
    return compute(unit.fp32_to_fp16, unit.ports(), [(value,) for value in values], unit.LATENCY)


def test_every_class_is_converted_as_golden_says(compute):
    edges = (0x477FEFFF, 0x477FF000, 0x33000000, 0x33000001)  # of overflow, and of rounding to zero
    values = floats.FP32_CLASSES + [sign | edge for sign in (0, 1 << 31) for edge in edges]
    assert answers(compute, values) == [golden(value) for value in values]


def test_around_every_rounding_boundary_the_tie_goes_to_even(compute, simulator):
    boundaries = floats.rounding_boundaries()[:: 1 if simulator == "icarus" else 97].tolist()
    values = [boundary + step for boundary in boundaries for step in (-1, 0, 1)]
    assert len(values) >= 3 * 600
    assert answers(compute, values) == [golden(value) for value in values]


def test_random_numbers_are_converted_in_the_same_cycle(compute, simulator, rng):
    assert unit.LATENCY == 0
    values = floats.random_singles(floats.numpy_of(rng), COUNT[simulator]).tolist()
    got = answers(compute, values)
    assert len(got) == COUNT[simulator]
    assert got == [golden(value) for value in values]
