"""One transaction: latency, then the slower of words and bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.properties import few
from tlm.memory import transaction


@pytest.mark.parametrize(
    "words, size, rate, latency, cycles",
    [
        (20, 320, 32, 10, 30),  # a word a cycle at most
        (20, 320, 8, 10, 50),  # 40 cycles of bytes
        (20, 321, 8, 10, 51),  # a byte more is a cycle more
        (1, 1, 256, 0, 1),
        (4, 10, 2.5, 3, 7),
        (4, 10.5, 2.5, 3, 8),
    ],
)
def test_a_transaction_takes_its_latency_and_the_slower_of_words_and_bytes(words, size, rate, latency, cycles):
    assert transaction(words, size, rate, latency) == cycles


@few(100)
@given(st.integers(1, 5000), st.integers(1, 10**6), st.integers(1, 512), st.integers(0, 500))
def test_more_bytes_never_take_less_and_a_faster_memory_never_more(words, size, rate, latency):
    cycles = transaction(words, size, rate, latency)
    assert cycles >= latency + words
    assert (cycles - latency) * rate >= size
    assert transaction(words, size + 1, rate, latency) >= cycles
    assert transaction(words, size, rate + 1, latency) <= cycles
    assert transaction(words, size, rate, latency + 1) == cycles + 1
