"""The accelerators' areas: what is synthesised, what is left out, and the table."""

from dataclasses import replace

import pytest

from cosim.accelerators import verilog_of
from cosim.synthesis.area import Area
from cosim.synthesis.synthesis import Netlist
from cosim.tools import ToolFailed
from sat import areas, terminal
from tests.sat.support import data, sat
from tlm.compare import setups

SIGMA = Netlist(
    "Yosys 0", "sigma", {"sigma": {"LUT6": 7, "FDRE": 5, "DSP48E2": 4}}, {"LUT6": 7, "FDRE": 5, "DSP48E2": 4}
)


def array(prefix: str) -> Netlist:
    """SAT's netlist, or the systolic array's, with an updater."""
    top, lane, updater = prefix.removesuffix("_"), f"{prefix}lane", f"{prefix}updater"
    modules = {
        top: {"LUT6": 100, updater: 1, lane: 3},
        lane: {"DSP48E2": 1, "RAMB18E2": 1},
        updater: {"LUT6": 20, lane: 2},
    }
    return Netlist("Yosys 0", top, modules, {"LUT6": 120, "DSP48E2": 5, "RAMB18E2": 5})


@pytest.fixture
def synthesised(monkeypatch):
    """The tops that are given to Yosys, which this stands for, and the groups of each."""
    seen = []

    def synthesise(files, top, _):
        seen.append((top, len(files), any(name.endswith("_updater") for name in files)))
        return SIGMA if top == "sigma" else array(f"{top}_")

    monkeypatch.setattr("sat.area.synthesise", synthesise)
    return seen


def test_each_is_synthesised_without_ports_and_the_weight_update_is_left_out(synthesised):
    found = areas.areas_of(setups()["small"])
    assert [top for top, *_ in synthesised] == ["sat", "sigma", "systolic"]
    assert [updates for *_, updates in synthesised] == [True, False, True]
    none = dict(lutram=0, uram=0)
    assert found["sigma"] == dict(lut=7, ff=5, dsp=4, bram=0) | none
    assert found["sat"] == found["systolic"] == dict(lut=100, ff=0, dsp=3, bram=1.5) | none


def test_the_systolic_array_is_another_circuit_than_sat(monkeypatch):
    written = []
    monkeypatch.setattr(areas, "area", lambda files: Area(array(f"{list(files)[-1]}_")))

    def writer(config):
        written.append(config)
        return replace(verilog_of(config), write=lambda config, folder, prefix: {prefix[:-1]: folder})

    monkeypatch.setattr(areas, "verilog_of", writer)
    areas.areas_of(setups()["small"])
    sat_config, _, systolic = written
    assert (sat_config.largest_m, systolic.largest_m) == (16, 4) and sat_config.elements == systolic.elements


def test_the_table_has_the_resources_that_any_takes(capsys):
    areas.print_areas(terminal.console(), dict(sat=Area(array("sat_")).without("sat_updater"), sigma=Area(SIGMA).total))
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert " ".join(lines[0]) == "Area by Yosys, without AXI ports and weight update"
    assert lines[1] == ["accelerator", "lut", "ff", "bram", "dsp"]
    assert lines[-2:] == [["sat", "100", "0", "1.5", "3"], ["sigma", "7", "5", "0", "4"]]


def test_what_yosys_refuses_ends_with_one_line(monkeypatch):
    def refuse(*_):
        raise ToolFailed("module uspe has a latch, signal weight")

    monkeypatch.setattr("sat.area.synthesise", refuse)
    words = ("compare", "--models", "cnn", "--batch", 1, "--config", "small", "--area")
    assert sat(*words, code=1).stderr == "sat: module uspe has a latch, signal weight\n"


@pytest.mark.nightly
def test_of_small_ones_the_systolic_array_is_the_smallest_and_all_have_a_multiplier_an_element(tmp_path):
    file = tmp_path / "areas.json"
    sat("compare", "--models", "cnn", "--batch", 1, "--config", "small", "--area", "--json", file)
    found = data(file)["area"]
    assert {one["dsp"] for one in found.values()} == {16} and all(one["bram"] > 0 for one in found.values())
    assert found["systolic"]["lut"] < found["sat"]["lut"] and found["systolic"]["ff"] < found["sat"]["ff"]
    assert 5_000 < found["sigma"]["lut"] < 50_000
