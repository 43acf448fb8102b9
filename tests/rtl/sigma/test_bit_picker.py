"""bit_picker: an element of a list."""

import pytest

from rtl.sigma.bit_picker import bit_picker
from rtl.sigma.config import SigmaConfig


@pytest.mark.parametrize("count", [2, 8, 128])
def test_the_bit_that_is_named_is_picked(compute, rng, count):
    config = SigmaConfig(engines=1, lanes=count, results=2, rows=1)
    vectors = [(rng.getrandbits(count), rng.randrange(count)) for _ in range(200)]
    got = compute(bit_picker, bit_picker.ports(config), vectors, 0, config=config)
    assert got == [bits >> pick & 1 for bits, pick in vectors] and {0, 1} == set(got)
