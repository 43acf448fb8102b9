"""The harness keeps the host's time out of the device's: the clock stands still while the host is needed."""

import pytest

import cosim
from cosim.check.checker import Checker
from cosim.engines import icarus_engine, myhdl_engine
from tests.cosim.programs import update_of, weights_of
from tests.cosim.support import TINY, assert_contract, operands


@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 40, 9)])
@pytest.mark.parametrize("clocks", [10, 37, 1000])
def test_it_does_not_matter_how_often_host_and_device_meet_in_myhdl(clocks, shape, monkeypatch):
    monkeypatch.setattr(myhdl_engine, "WINDOW_CYCLES", clocks)
    assert_contract(cosim.engine("myhdl", TINY), *operands(*shape), "1:4")


@pytest.mark.parametrize("windows", [2, 5])
def test_it_does_not_matter_how_often_host_and_device_meet_in_icarus(windows, monkeypatch):
    monkeypatch.setattr(icarus_engine, "WINDOW", windows)
    assert_contract(cosim.engine("icarus", TINY), *operands(5, 40, 9), "2:8")


def assert_update(name):
    """Bits and cycles of an update that fills the results' mailbox several times, and needs many messages a tile."""
    program = update_of(40, 5, 20, "1:4")
    checker = Checker(cosim.engine(name, TINY))
    checker.run(program, weights_of(program))
    assert checker.checked[0].equal and len(list(program.tiles())) == 3


@pytest.mark.parametrize("clocks", [37, 1000])
def test_it_does_not_matter_for_an_update_either_in_myhdl(clocks, monkeypatch):
    monkeypatch.setattr(myhdl_engine, "WINDOW_CYCLES", clocks)
    assert_update("myhdl")


@pytest.mark.parametrize("windows", [1, 3])
def test_it_does_not_matter_for_an_update_either_in_icarus(windows, monkeypatch):
    monkeypatch.setattr(icarus_engine, "WINDOW", windows)
    assert_update("icarus")
