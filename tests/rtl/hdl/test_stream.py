"""The stream's rules: the referee notices who breaks them, and source and sink keep them."""

import pytest
from myhdl import Signal, always, always_comb

from rtl.hdl.hierarchy import module
from rtl.hdl.stream import Stream
from tests.support.dut import MyhdlDut
from tests.support.streams import STALLS, Referee, Sink, Source


@module
def passage(clk, rst, entrance, leaving):
    """A word in, the same word out a cycle later.

    entrance    Stream in
    leaving     Stream out
    """

    @always_comb
    def accept():
        entrance.ready.next = leaving.ready or not leaving.valid

    @always(clk.posedge)
    def move():
        if leaving.ready or not leaving.valid:
            leaving.valid.next = entrance.valid
            leaving.data.next = entrance.data
        if rst:
            leaving.valid.next = False

    return accept, move


@module
def nothing(clk, rst, stream):
    """Only a place for a stream."""
    return []


@pytest.mark.parametrize(
    "words, complaint",
    [
        ([(1, 7), (0, 7)], "valid dropped before the word moved, cycle 2"),
        ([(1, 7), (1, 8)], "data changed before the word moved, cycle 2"),
        ([(0, 3), (1, 7), (1, 7), (1, 8)], "data changed before the word moved, cycle 4"),
    ],
)
def test_the_referee_notices_a_producer_that_moves_an_offered_word(words, complaint):
    stream, script = Stream(4), iter(words)

    def misbehave(now):
        stream.valid.next, stream.data.next = next(script, (0, 0))

    dut = MyhdlDut(nothing, dict(clk=Signal(bool(0)), rst=Signal(bool(0)), stream=stream))
    with pytest.raises(AssertionError, match=complaint):
        dut.run(misbehave, Referee(stream), until=lambda: False, limit=10)


@pytest.mark.parametrize("source_stall", STALLS)
@pytest.mark.parametrize("sink_stall", STALLS)
def test_every_word_passes_once_and_in_order_however_the_ends_stall(build, rng, source_stall, sink_stall):
    words = [rng.getrandbits(12) for _ in range(60)]
    entrance, leaving = Stream(12), Stream(12)
    dut = build(passage, clk=Signal(bool(0)), rst=Signal(bool(0)), entrance=entrance, leaving=leaving)
    source, sink = Source(dut, entrance, words, source_stall), Sink(dut, leaving, sink_stall)
    referees = Referee(entrance), Referee(leaving)
    dut.run(source, sink, *referees, until=lambda: len(sink.words) == 60, limit=400)
    assert sink.words == words
    assert [referee.words for referee in referees] == [60, 60]
    if source_stall == sink_stall == "none":
        assert {out - into for into, out in zip(source.cycles, sink.cycles, strict=True)} == {1}


def test_a_stream_is_data_valid_and_ready():
    stream = Stream(9)
    assert list(vars(stream)) == ["data", "valid", "ready"]
    assert [len(stream.data), len(stream.valid), len(stream.ready)] == [9, 1, 1]
