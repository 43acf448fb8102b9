"""SIGMA's Verilog of three configurations, as the tools see it: short, hierarchical, without a warning or a latch."""

import re

import pytest

from cosim.synthesis.synthesis import LATCHES
from rtl.sigma.config import PRESETS
from rtl.sigma.sigma import write
from tests.support.lint import LONGEST, complaints, superfluous_waivers

CONFIGS = {
    "small": PRESETS["small"],
    "medium": PRESETS["medium"],
    "bf16": PRESETS["small"].model_copy(update=dict(operands="bf16")),
}


@pytest.fixture(scope="module", params=CONFIGS)
def files(request, tmp_path_factory):
    """{module name: Path} of a configuration, sigma last."""
    return write(CONFIGS[request.param], tmp_path_factory.mktemp(request.param))


def test_it_is_one_module_a_file_and_short_enough_to_be_read(files):
    texts = {name: path.read_text() for name, path in files.items()}
    assert {name: re.findall(r"^module (\w+)", text, re.MULTILINE) for name, text in texts.items()} == {
        name: [name] for name in files
    }
    assert list(files)[-1] == "sigma" and "sigma_flex_dpu" in files
    assert sum(text.count("\n") for text in texts.values()) <= LONGEST


def test_every_module_begins_with_what_it_is(files):
    purpose = re.compile(r"^module [^;]*;\n// [A-Z].*[.:;,]", re.MULTILINE)
    assert [name for name, path in files.items() if not purpose.search(path.read_text())] == []


def test_every_module_is_instantiated_and_every_instance_has_its_module(files):
    used = {
        name
        for path in files.values()
        for name in re.findall(r"^(?!module)(\w+) \w+_\d+ \(\.", path.read_text(), re.MULTILINE)
    }
    assert used == set(files) - {"sigma"}


def test_icarus_has_nothing_to_say(files):
    assert complaints("iverilog", "-g2005", "-Wall", "-t", "null", "-s", "sigma", *files.values()) == ""


def test_verilator_has_nothing_to_say(files):
    assert complaints("verilator", "--lint-only", "-Wall", "--top-module", "sigma", *files.values()) == ""


@pytest.mark.nightly
def test_no_warning_is_switched_off_without_need(tmp_path):
    configs = {**CONFIGS, "vcu1525": PRESETS["vcu1525"]}
    files = [write(config, tmp_path / name) for name, config in configs.items()]
    assert superfluous_waivers("sigma", files) == set()


def test_yosys_finds_no_latch_no_loop_and_nothing_that_two_drive(files, tmp_path):
    latches = tmp_path / "latches.txt"
    script = [
        f"read_verilog {' '.join(map(str, files.values()))}",
        "hierarchy -check -top sigma",
        "proc",
        LATCHES.replace("latches.txt", str(latches)),
        "check -assert",
    ]
    said = complaints("yosys", "-q", "-p", "; ".join(script))
    # A list of wires that MyHDL declares as a memory; Yosys says that it takes it for wires.
    assert [line for line in said.splitlines() if not line.startswith("Warning: Replacing memory")] == []
    assert latches.read_text() == ""
