"""bit_picker: an element of a list."""

import pytest
from myhdl import Signal, intbv

from rtl.sigma.bit_picker import bit_picker


@pytest.mark.parametrize("count", [2, 8, 128])
def test_the_bit_that_is_named_is_picked(compute, rng, count):
    ports = dict(
        bits=Signal(intbv(0)[count:]), pick=Signal(intbv(0)[max(1, (count - 1).bit_length()) :]), picked=Signal(bool(0))
    )
    vectors = [(rng.getrandbits(count), rng.randrange(count)) for _ in range(200)]
    got = compute(bit_picker, ports, vectors, 0)
    assert got == [bits >> pick & 1 for bits, pick in vectors] and {0, 1} == set(got)
