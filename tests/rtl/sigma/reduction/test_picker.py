"""picker: the sum that is asked for, a cycle later, or +0."""

import pytest

from rtl.sigma.reduction.picker import picker
from rtl.sigma.timing import PICK


@pytest.mark.parametrize("count", [2, 5, 8, 128])
def test_any_sum_or_none_comes_after_the_promised_latency(compute, rng, count):
    picks = [*range(count), *(rng.randrange(count) for _ in range(60))]
    vectors = [(rng.getrandbits(32 * count), pick, int(rng.random() < 0.7)) for pick in picks]
    vectors += [(rng.getrandbits(32 * count), pick, 1) for pick in range(count)]
    got = compute(picker, picker.ports(count), vectors, PICK, count=count)
    assert got == [sums >> 32 * pick & 0xFFFFFFFF if used else 0 for sums, pick, used in vectors]
    assert len(got) == 2 * count + 60 and 0 in got
