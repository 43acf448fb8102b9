"""result_lane: an FP32 sum as it is, or rounded to FP16."""
from myhdl import Signal, intbv

from rtl.golden import fp32_to_fp16
from rtl.result_lane import result_lane
from tests.support import floats


def test_a_sum_leaves_as_it_is_or_rounded_in_the_low_half(compute, rng):
    values = floats.FP32_CLASSES + floats.random_singles(floats.numpy_of(rng), 500).tolist()
    vectors = [(value, to_half) for value in values for to_half in (0, 1)]
    ports = dict(single=Signal(intbv(0)[32:]), to_half=Signal(bool(0)), word=Signal(intbv(0)[32:]))
    got = compute(result_lane, ports, vectors, 0)
    assert got == [fp32_to_fp16(value) if to_half else value for value, to_half in vectors]
    assert len(got) == 2 * (500 + 34)
