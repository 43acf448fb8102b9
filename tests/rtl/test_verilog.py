"""The Verilog of every preset, as the tools see it: short, hierarchical, and without a warning."""

import re
import subprocess

import pytest

from cosim.tools import tool
from rtl import sat_axi
from rtl.config import PRESETS

LONGEST = 5000  # lines


@pytest.fixture(scope="module", params=["small", "medium", "vcu1525"])
def files(request, tmp_path_factory):
    """{module name: Path} of a preset, sat_axi last, with all that sat has."""
    return sat_axi.write(PRESETS[request.param], tmp_path_factory.mktemp(request.param))


def complaints(name, *arguments) -> str:
    """What a tool prints. A missing tool is a failure, with the line that installs it: these checks are not skipped."""
    done = subprocess.run([tool(name), *map(str, arguments)], capture_output=True, text=True)
    return done.stdout + done.stderr


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
