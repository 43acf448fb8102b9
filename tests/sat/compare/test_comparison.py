"""One line of a comparison: its gains and its data, for any number of accelerators and challengers."""

from dataclasses import replace

import pytest

from tlm.accelerators import TABLE


@pytest.fixture
def two_challengers(monkeypatch):
    """The systolic array is one, too."""
    monkeypatch.setitem(TABLE, "systolic", replace(TABLE["systolic"], challenger=True))


def test_a_challengers_gain_is_the_others_cycles_in_its_own(line):
    cycles = {name: cost.cycles for name, cost in line.costs.items()}
    assert line.challengers == ["sigma"]
    gains = {name: cycles[name] / cycles["sigma"] for name in ("sat", "systolic")}
    assert line.gains("sigma") == line.as_data()["sigma_gain"] == gains
    assert line.panels == {f"SIGMA against {name}": gain for name, gain in gains.items()}


def test_there_may_be_several_challengers(line, two_challengers):
    assert line.challengers == ["sigma", "systolic"]
    assert line.gains("systolic")["sigma"] == pytest.approx(1 / line.gains("sigma")["systolic"])
    assert {"sigma_gain", "systolic_gain"} <= line.as_data().keys()
    assert list(line.panels)[2:] == ["systolic against sat", "systolic against sigma"]


def test_without_a_challenger_there_are_no_gains(line):
    plain = replace(line, costs={name: line.costs[name] for name in ("sat", "systolic")})
    assert plain.challengers == [] and plain.panels == {}
    assert list(plain.as_data()) == [*line.described, "sat", "systolic"]


def test_the_fastest_has_the_fewest_cycles_of_equal_ones_the_first(line):
    assert line.costs["sat"].cycles == line.costs["systolic"].cycles < line.costs["sigma"].cycles
    assert line.fastest == "sat"
    one = {name: replace(cost, cycles=cost.cycles - (name == "systolic")) for name, cost in line.costs.items()}
    assert replace(line, costs=one).fastest == "systolic"


@pytest.mark.parametrize("mapping, expected", [("by rows", "by rows"), (None, None)])
def test_a_mapping_is_told_of_a_single_gemm(line, mapping, expected):
    costs = {name: replace(cost, mapping=mapping) for name, cost in line.costs.items()}
    assert "mapping" not in replace(line, costs=costs).as_data()["sat"]
    single = replace(line, costs=costs, described=dict(layer="one"))
    assert single.as_data()["sat"].get("mapping") == expected
