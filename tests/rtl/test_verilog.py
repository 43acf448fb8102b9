"""The Verilog of every preset, as the tools see it: short, hierarchical, and without a warning."""

import re

import pytest

from rtl.sat.axi import sat_axi
from rtl.sat.config import PRESETS
from tests.support.lint import LONGEST, complaints, superfluous_waivers


@pytest.fixture(scope="module", params=["small", "medium", "vcu1525"])
def files(request, tmp_path_factory):
    """{module name: Path} of a preset, sat_axi last, with all that sat has."""
    return sat_axi.write(PRESETS[request.param], tmp_path_factory.mktemp(request.param))


def test_it_is_one_module_a_file_and_short_enough_to_be_read(files):
    texts = {name: path.read_text() for name, path in files.items()}
    assert {name: re.findall(r"^module (\w+)", text, re.MULTILINE) for name, text in texts.items()} == {
        name: [name] for name in files
    }
    assert list(files)[-1] == "sat_axi" and "sat" in files
    assert sum(text.count("\n") for text in texts.values()) <= LONGEST


def test_every_module_is_instantiated_and_every_instance_has_its_module(files):
    used = {
        name
        for path in files.values()
        for name in re.findall(r"^(?!module)(\w+) \w+_\d+ \(\.", path.read_text(), re.MULTILINE)
    }
    assert used == set(files) - {"sat_axi"}


def test_icarus_has_nothing_to_say(files):
    assert complaints("iverilog", "-g2005", "-Wall", "-t", "null", "-s", "sat_axi", *files.values()) == ""


def test_verilator_has_nothing_to_say(files):
    assert complaints("verilator", "--lint-only", "-Wall", "--top-module", "sat_axi", *files.values()) == ""


@pytest.mark.nightly
def test_no_warning_is_switched_off_without_need(tmp_path):
    files = [sat_axi.write(PRESETS[name], tmp_path / name) for name in ("small", "vcu1525")]
    assert superfluous_waivers("sat_axi", files) == set()
