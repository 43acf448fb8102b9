"""The accelerators' areas: what is synthesised, what is left out, and the table."""

import pytest

from cosim.area import Area
from cosim.synthesis import Netlist
from cosim.tools import ToolFailed
from sat import areas, terminal
from tests.sat.support import data, sat
from tlm.compare import SETUPS

SIGMA = Netlist(
    "Yosys 0", "sigma", {"sigma": {"LUT6": 7, "FDRE": 5, "DSP48E2": 4}}, {"LUT6": 7, "FDRE": 5, "DSP48E2": 4}
)
SAT = Netlist(
    "Yosys 0",
    "sat",
    {
        "sat": {"LUT6": 100, "sat_updater": 1, "lane": 3},
        "lane": {"DSP48E2": 1, "RAMB18E2": 1},
        "sat_updater": {"LUT6": 20, "lane": 2},
    },
    {"LUT6": 120, "DSP48E2": 5, "RAMB18E2": 5},
)


@pytest.fixture
def synthesised(monkeypatch):
    """The tops that are given to Yosys, which this stands for, and the groups of each."""
    seen = []

    def synthesise(files, top, _):
        seen.append((top, len(files), any(name == "sat_updater" for name in files)))
        return SIGMA if top == "sigma" else SAT

    monkeypatch.setattr("sat.area.synthesise", synthesise)
    return seen


def test_each_is_synthesised_without_ports_and_the_weight_update_is_left_out(synthesised):
    found = areas.areas_of(SETUPS["small"])
    assert [top for top, *_ in synthesised] == ["sat", "sigma", "sat"]
    assert [updates for *_, updates in synthesised] == [True, False, True]
    none = dict(lutram=0, uram=0)
    assert found["sigma"] == dict(lut=7, ff=5, dsp=4, bram=0) | none
    assert found["sat"] == found["systolic"] == dict(lut=100, ff=0, dsp=3, bram=1.5) | none


def test_the_systolic_array_is_another_circuit_than_sat(monkeypatch):
    written = []
    monkeypatch.setattr(areas.sat_device, "write", lambda config, _: written.append(config) or {})
    monkeypatch.setattr(areas.sigma_device, "write", lambda *_: {})
    monkeypatch.setattr(areas, "area", lambda _: Area(SAT))
    areas.areas_of(SETUPS["small"])
    assert [config.largest_m for config in written] == [16, 4] and len({config.elements for config in written}) == 1


def test_the_table_has_the_resources_that_any_takes(capsys):
    areas.print_areas(terminal.console(), dict(sat=Area(SAT).without("sat_updater"), sigma=Area(SIGMA).total))
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert " ".join(lines[0]) == "Area by Yosys, without AXI ports and weight update"
    assert lines[1] == ["accelerator", "LUT", "FF", "BRAM36", "DSP"]
    assert lines[-2:] == [["sat", "100", "0", "1.5", "3"], ["sigma", "7", "5", "0", "4"]]


def test_what_yosys_refuses_ends_with_one_line(monkeypatch):
    def refuse(*_):
        raise ToolFailed("module uspe has a latch, signal weight")

    monkeypatch.setattr("sat.area.synthesise", refuse)
    words = ("compare", "--models", "cnn", "--batch", 1, "--config", "small", "--area")
    assert sat(*words, code=1).stderr == "sat: module uspe has a latch, signal weight\n"


@pytest.mark.slow
def test_of_small_ones_the_systolic_array_is_the_smallest_and_all_have_a_multiplier_an_element(tmp_path):
    file = tmp_path / "areas.json"
    sat("compare", "--models", "cnn", "--batch", 1, "--config", "small", "--area", "--json", file)
    found = data(file)["area"]
    assert {one["dsp"] for one in found.values()} == {16} and all(one["bram"] > 0 for one in found.values())
    assert found["systolic"]["lut"] < found["sat"]["lut"] and found["systolic"]["ff"] < found["sat"]["ff"]
    assert 5_000 < found["sigma"]["lut"] < 50_000
