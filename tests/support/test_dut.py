"""The bench itself: what it must catch, and that nothing is left running."""

import pytest
from myhdl import Signal, always, always_comb, intbv

from rtl.hdl.hierarchy import module
from rtl.hdl.stream import Stream
from tests.support.dut import IcarusDut


@module
def forgetful(clk, rst, known, never_set, words):
    """A counter with a reset, a register that nothing ever sets, and a stream whose handshake comes from it."""
    state = Signal(intbv(0)[8:])
    lost = Signal(bool(0))

    @always(clk.posedge)
    def count():
        state.next = (state + 1) % 256
        lost.next = lost or words.ready
        if rst:
            state.next = 0

    @always_comb
    def show():
        known.next = state
        never_set.next = lost
        words.valid.next = lost
        words.data.next = state

    return count, show


def signals():
    return dict(
        clk=Signal(bool(0)), rst=Signal(bool(0)), known=Signal(intbv(0)[8:]), never_set=Signal(bool(0)), words=Stream(8)
    )


def test_a_known_output_is_read_in_every_cycle(build):
    ports, seen = signals(), []
    dut = build(forgetful, **{**ports, "words": Stream(8)})
    dut.check = lambda: None
    dut.run(lambda now: seen.append(dut.read(ports["known"])), until=lambda: len(seen) == 20, limit=21)
    assert seen == list(range(20))


def test_reading_an_unknown_output_fails(simulator, build):
    ports = signals()
    dut = build(forgetful, **ports)
    dut.check = lambda: None
    if simulator == "myhdl":  # which knows no x: there is nothing to be caught
        dut.run(lambda now: dut.read(ports["never_set"]), until=lambda: True, limit=1)
        return
    with pytest.raises(AssertionError, match="never_set is unknown"):
        dut.run(lambda now: dut.read(ports["never_set"]), until=lambda: False, limit=5)
    assert dut.process.returncode is not None


def test_an_unknown_handshake_stops_the_run():
    dut = IcarusDut(forgetful, signals())
    with pytest.raises(AssertionError, match="words_valid is unknown"):
        dut.run(until=lambda: False, limit=5)
    assert dut.process.returncode is not None


def test_a_run_that_does_not_end_fails_at_its_limit_and_the_next_one_can_start(build):
    for _ in range(2):
        dut = build(forgetful, **signals())
        dut.check = lambda: None
        with pytest.raises(AssertionError, match="still running after 7 cycles"):
            dut.run(until=lambda: False, limit=7)


def test_ports_too_wide_for_the_pipe_are_refused_before_the_launch():
    ports = {**signals(), "known": Signal(intbv(0)[16_384:])}
    with pytest.raises(ValueError, match="must fit 4095 characters, not 41"):
        IcarusDut(forgetful, ports)


def test_the_widest_ports_that_fit_the_pipe_carry_every_bit():
    @module
    def wide(clk, word, copy):
        """A wide register."""

        @always(clk.posedge)
        def keep():
            copy.next = word

        return keep

    word, copy, seen = Signal(intbv(0)[16_000:]), Signal(intbv(0)[16_000:]), []
    dut = IcarusDut(wide, dict(clk=Signal(bool(0)), word=word, copy=copy))
    value = 0xA5 << 15_992 | 0x5A

    def drive(now):
        word.next = value
        if now == 2:
            seen.append(dut.read(copy))

    dut.run(drive, until=lambda: seen, limit=5)
    assert seen == [value]
