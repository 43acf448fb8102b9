"""delay_line: words of any width come again exactly as many cycles later."""

import pytest

from rtl.hdl.stream import bit
from rtl.sigma.delay_line import delay_line


@pytest.mark.parametrize("cycles", [1, 2, 3, 24])
@pytest.mark.parametrize("bits", [1, 2, 32, 200])
def test_every_word_comes_again_after_the_cycles(compute, rng, bits, cycles):
    sent = [rng.getrandbits(bits) for _ in range(100)]
    assert (
        compute(delay_line, delay_line.ports(bits), [(word,) for word in sent], cycles, bits=bits, cycles=cycles)
        == sent
    )


@pytest.mark.parametrize("cycles", [1, 2, 5])
def test_a_flag_is_a_word_of_one_bit(compute, rng, cycles):
    sent = [rng.getrandbits(1) for _ in range(100)]
    flags = delay_line.ports(1) | dict(entering=bit(), leaving=bit())
    assert compute(delay_line, flags, [(flag,) for flag in sent], cycles, bits=1, cycles=cycles) == sent


@pytest.mark.parametrize(
    "bits, cycles, message",
    [
        (8, 0, "a delay line must have at least 1 cycle, not 0"),
        (7, 1, "the words of a delay line must have 7 bits, not 8 and 8"),
    ],
)
def test_what_is_no_delay_line_is_refused(bits, cycles, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        delay_line(**delay_line.ports(8), bits=bits, cycles=cycles)
