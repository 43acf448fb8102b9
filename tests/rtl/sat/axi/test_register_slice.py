"""register_slice: every word once and in order, with nothing but registers between its ends."""

import pytest

from rtl.sat.axi.register_slice import register_slice
from tests.support.script import play
from tests.support.streams import STALLS, Referee, Sink, Source

BITS = 9


def device(build):
    return build(register_slice, bits=BITS)


@pytest.mark.parametrize("shy", [False, True], ids=["eager", "shy"])
@pytest.mark.parametrize("sink_stall", STALLS)
@pytest.mark.parametrize("source_stall", STALLS)
def test_every_word_leaves_once_and_in_order(build, rng, source_stall, sink_stall, shy):
    dut, words = device(build), [rng.getrandbits(BITS) for _ in range(200)]
    entering, leaving = dut.arguments["entering"], dut.arguments["leaving"]
    source, sink = Source(dut, entering, words, source_stall), Sink(dut, leaving, sink_stall, shy)
    referee = Referee(leaving)
    dut.run(source, sink, Referee(entering), referee, until=lambda: len(sink.words) == len(words), limit=2000)
    assert sink.words == words and referee.words == len(words)


def test_a_word_leaves_a_cycle_later_and_one_in_each_cycle(build):
    dut, words = device(build), list(range(50))
    source = Source(dut, dut.arguments["entering"], words)
    sink = Sink(dut, dut.arguments["leaving"])
    dut.run(source, sink, until=lambda: len(sink.words) == len(words), limit=100)
    assert sink.cycles == [cycle + 1 for cycle in source.cycles] == list(range(sink.cycles[0], sink.cycles[0] + 50))


def test_ready_falls_only_after_a_word_more_than_could_leave(build):
    """So it needs not to look at the other end's ready within a cycle."""
    entries = [dict(entering_valid=1, entering_data=word, leaving_ready=word > 5) for word in range(1, 9)]
    seen = play(device(build), entries, "entering_ready", "leaving_valid", "leaving_data", cycles=8)
    assert seen["entering_ready"] == [1, 1, 0, 0, 0, 0, 1, 1]
    assert seen["leaving_valid"] == [0, 1, 1, 1, 1, 1, 1, 1]
    assert seen["leaving_data"][1:7] == [1, 1, 1, 1, 1, 2]
