"""bit_picker: an element of a list."""

import pytest

from rtl.sigma.reduction.bit_picker import bit_picker


@pytest.mark.parametrize("count", [2, 8, 128])
def test_the_bit_that_is_named_is_picked(compute, rng, count):
    vectors = [(rng.getrandbits(count), rng.randrange(count)) for _ in range(200)]
    got = compute(bit_picker, bit_picker.ports(count), vectors, 0)
    assert got == [bits >> pick & 1 for bits, pick in vectors] and {0, 1} == set(got)
