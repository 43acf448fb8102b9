"""The table of an area, and its data. That figures are right is in tests/cosim/synthesis/test_area.py."""

import pytest

from cosim.synthesis.area import Area
from sat import terminal
from sat.area import area_data, print_area
from tests.support.areas import area


def printed(found: Area, capsys) -> str:
    print_area(terminal.console(), found, "Area of x")
    return capsys.readouterr().out


def rows(text: str) -> dict[str, list[str]]:
    return {words[0]: words[1:] for line in text.splitlines() if (words := line.split())}


def test_each_module_the_sum_and_what_is_left_of_the_device(capsys):
    text = printed(area(LUT2=500_000, RAMB18E2=3), capsys)
    assert rows(text)["leaf"] == "2 500,000 0 0 1.5 0 1,000,000 0 0 3 0".split()
    assert rows(text)["top"] == ["1"] + ["0"] * 10
    assert rows(text)["sum"] == "1,000,000 0 0 3 0".split() and rows(text)["little"] == "1,100,000 9 10 10 10".split()
    assert rows(text)["used"] == "90.9% 0.0% 0.0% 30.0% 0.0%".split()
    assert rows(text)["left"] == "9.1% 100.0% 100.0% 70.0% 100.0%".split()
    assert "Yosys 0.1: " in text and "URAM" not in text
    assert "does not fit a little with 20% left of each: LUT 9.1%\n" in text


def test_where_it_fits_that_is_said(capsys):
    assert "\nfits a little with at least 20% left of each" in printed(area(FDRE=4), capsys)
    text = printed(area(FDRE=5, DSP48E2=6), capsys)
    assert "does not fit a little with 20% left of each: FF 0.0%, DSP -20.0%\n" in text


def test_the_name_of_a_configuration_is_no_markup(capsys):
    print_area(terminal.console(), area(FDRE=4), "Area of [/x]")
    assert "Area of [/x]\n" in capsys.readouterr().out


def test_ultraram_has_a_column_where_it_is_used(capsys):
    found = area(URAM288=2)
    assert rows(printed(found, capsys))["left"][-1] == "0.0%" and area_data(found)["left"]["uram"] == 0


def test_the_same_as_data():
    found = area_data(area(LUT2=500_000, RAMB18E2=3, SRL16E=1, DSP48E2=1))
    leaf = dict(module="leaf", instances=2, lut=500_001, lutram=1, ff=0, bram=1.5, dsp=1)
    assert found["modules"] == [leaf, dict(module="top", instances=1, lut=0, lutram=0, ff=0, bram=0, dsp=0)]
    assert found["total"] == dict(lut=1_000_002, lutram=2, ff=0, bram=3, dsp=2)
    assert found["device"] == dict(name="little", lut=1_100_000, lutram=9, ff=10, bram=10, dsp=10)
    assert found["left"] == pytest.approx(dict(lut=99_998 / 1_100_000, lutram=7 / 9, ff=1, bram=0.7, dsp=0.8))
    assert (found["fits"], found["spare"], found["tool"]) == (False, 0.2, "Yosys 0.1")
    assert area_data(area(FDRE=1))["fits"]
