"""The harness keeps the host's time out of the device's: the clock stands still while the host is needed."""
import pytest

import cosim
from cosim import icarus_engine, myhdl_engine
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
