"""The RTL in MyHDL: needs no tools, leaves nothing behind, and survives its own failures."""

import pytest
from myhdl import Simulation

import cosim
from cosim.harness.host import Host
from tests.cosim.support import TINY, assert_contract, children, operands


def test_it_needs_no_program_and_starts_none(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert_contract(cosim.engine("myhdl", TINY), *operands(2, 5, 3))
    assert children() == []


def test_it_prints_nothing_and_writes_no_file(monkeypatch, tmp_path, capfd):
    monkeypatch.chdir(tmp_path)
    assert_contract(cosim.engine("myhdl", TINY), *operands(2, 5, 3))
    assert list(tmp_path.iterdir()) == [] and capfd.readouterr() == ("", "")


def test_one_engine_runs_many_gemms_and_many_engines_one_each():
    shared = cosim.engine("myhdl", TINY)
    for shape, sparsity in (((1, 1, 1), None), ((3, 9, 5), "2:4")):
        assert_contract(shared, *operands(*shape), sparsity)
        assert_contract(cosim.engine("myhdl", TINY), *operands(*shape), sparsity)


@pytest.fixture
def undisturbed(monkeypatch):
    """MyHDL counts its simulations in one global: a failure here is not to reach the tests that follow."""
    monkeypatch.setattr(Simulation, "_no_of_instances", 0)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_after_any_exception_in_the_hosts_loop_the_next_run_works(error, undisturbed, monkeypatch):
    engine = cosim.engine("myhdl", TINY)

    def fail(host, device_out):
        raise error("planted")

    with monkeypatch.context() as patch:
        patch.setattr(Host, "collect", fail)
        with pytest.raises(error, match="planted"):
            engine.gemm(*operands(3, 5, 3))
    assert_contract(engine, *operands(3, 5, 3))
