"""result_lane: an FP32 sum as it is, or rounded to FP16, and whether it is a finite number."""

from rtl.golden import fp32_to_fp16
from rtl.shared.result_lane import result_lane
from tests.support import floats
from tests.support.script import play


def test_a_sum_leaves_as_it_is_or_rounded_in_the_low_half_and_says_if_it_is_not_finite(build, rng):
    values = floats.FP32_CLASSES + floats.random_singles(floats.numpy_of(rng), 200).tolist()
    entries = [dict(single=value, to_half=to_half) for value in values for to_half in (0, 1)]
    got = play(build(result_lane), entries, "word", "infinite", cycles=len(entries))
    assert got["word"] == [fp32_to_fp16(one["single"]) if one["to_half"] else one["single"] for one in entries]
    assert got["infinite"] == [int(one["single"] >> 23 & 0xFF == 0xFF) for one in entries]
    assert len(entries) == 2 * (200 + 34) and 10 < sum(got["infinite"]) < 100
