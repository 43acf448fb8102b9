"""The bench of pipelines itself: it notices a word that comes too early or too late."""

import pytest
from myhdl import Signal, always, intbv

from rtl.hdl.hierarchy import module
from tests.support import pipeline

VECTORS = [(value,) for value in range(1, 40)]


@module
def twice_late(clk, word, late):
    """Two registers in a row."""
    early = Signal(intbv(0)[8:])

    @always(clk.posedge)
    def shift():
        early.next = word
        late.next = early

    return shift


def answers(compute, latency):
    ports = dict(clk=Signal(bool(0)), word=Signal(intbv(0)[8:]), late=Signal(intbv(0)[8:]))
    return compute(twice_late, ports, VECTORS, latency)


def test_at_the_right_latency_every_word_is_there(compute):
    assert answers(compute, 2) == list(range(1, 40))


def test_a_word_later_than_promised_is_noticed_as_unknown_or_wrong(build, tmp_path):
    ports = dict(clk=Signal(bool(0)), word=Signal(intbv(0)[8:]), late=Signal(intbv(0)[8:]))
    assert pipeline.in_myhdl(build, twice_late, ports, VECTORS, 2) == list(range(1, 40))
    with pytest.raises(AssertionError, match="1 of 39 answers of twice_late are unknown, the first is xx"):
        pipeline.in_icarus(tmp_path, twice_late, ports, VECTORS, 1)


def test_a_word_earlier_than_promised_is_noticed_as_wrong(compute):
    assert answers(compute, 3) == [*range(2, 40), 39]
