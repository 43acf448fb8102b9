"""Waveforms for the documentation: which cycles are kept, and of which test."""

import json
from types import SimpleNamespace

from myhdl import always

from rtl.hdl.hierarchy import module
from rtl.hdl.stream import bit, bus
from tests.support.dut import MyhdlDut
from tests.support.waves import ROOT, SHOWN, Recorder, first_tests, liveliest


@module
def delay(clk, entering, leaving):
    """A register."""

    @always(clk.posedge)
    def keep():
        leaving.next = entering

    return keep


def test_ports_are_noted_as_they_stand_before_each_edge(tmp_path):
    dut = MyhdlDut(delay, dict(clk=bit(), entering=bus(8), leaving=bus(8)))
    recorder, cycles = Recorder(dut), []
    dut.watchers.append(recorder)

    def drive(now):
        cycles.append(now)
        dut.ports["entering"].next = 16 * now

    dut.run(drive, until=lambda: len(cycles) == 5, limit=9)
    recorder.save(tmp_path / "waves/delay.json", "a test")
    assert json.loads((tmp_path / "waves/delay.json").read_text()) == dict(
        test="a test",
        first=0,
        ports=dict(
            entering=dict(bits=8, values=["0", "0", "10", "20", "30"]),
            leaving=dict(bits=8, values=["0", "0", "0", "10", "20"]),
        ),
    )


def test_the_stretch_in_which_most_ports_change_is_kept():
    quiet, late = [0] * 100, [0] * 60 + [1] * 40
    assert liveliest(dict(a=quiet)) == 0
    assert liveliest(dict(a=quiet, b=late)) == 60 - SHOWN + 1
    assert liveliest(dict(a=[0, 1] * 50, b=late, c=[0] * 70 + [5] * 30)) == 70 - SHOWN + 1


def item(path, simulator, fixtures=("build",)):
    return SimpleNamespace(
        path=ROOT / path, fixturenames=fixtures, callspec=SimpleNamespace(params=dict(simulator=simulator))
    )


def test_a_block_s_first_test_in_myhdl_is_chosen_and_no_other_file():
    drain = "tests/rtl/sat/control/test_drain.py"
    items = [
        item(drain, "icarus"),
        item(drain, "myhdl", fixtures=()),
        wanted := item(drain, "myhdl"),
        item(drain, "myhdl"),
        item("tests/rtl/sat/test_sat_sharing.py", "myhdl"),
    ]
    assert first_tests(items) == [wanted]
