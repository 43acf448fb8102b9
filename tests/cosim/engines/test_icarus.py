"""Icarus as a tool: what is compiled, what is kept, and a clear text when a program is missing or refuses."""

import json
import re
from pathlib import Path

import pytest

import cosim
from cosim import build_cache
from cosim.engines import icarus
from rtl.sat.config import SatConfig
from tests.cosim.support import TINY, assert_contract, operands

MISSING = r"^{} is not installed; on Debian or Ubuntu: apt-get install iverilog .*$"


def only(monkeypatch, folder, *names):
    """A PATH on which these programs are found, and no others."""
    for name in names:
        (folder / name).symlink_to(icarus.tool(name))
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize("there, missing", [((), "vvp|iverilog"), (("vvp",), "iverilog"), (("iverilog",), "vvp")])
def test_a_missing_program_gets_one_line_that_says_how_to_install_it(there, missing, monkeypatch, tmp_path):
    only(monkeypatch, tmp_path, *there)
    config = TINY.model_copy(update=dict(name=f"without-{missing}"))  # none that is compiled already
    with pytest.raises(cosim.ToolMissing, match=MISSING.format(f"({missing})")) as caught:
        cosim.engine("icarus", config)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "there, missing", [(("iverilog", "iverilog-vpi"), r"g\+\+"), (("iverilog", "g++"), "iverilog-vpi")]
)
def test_a_missing_compiler_of_the_bridge_gets_one_line_too(there, missing, monkeypatch, tmp_path):
    only(monkeypatch, tmp_path, *there)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "new"))
    icarus.bridge.cache_clear()
    with pytest.raises(cosim.ToolMissing, match=MISSING.format(missing)):
        icarus.bridge()


def test_the_bridge_is_built_once_from_myhdls_own_source():
    assert icarus.bridge() is icarus.bridge() and icarus.bridge().is_file()
    assert list(build_cache.folder().glob("myhdl-*.vpi"))


def test_a_configuration_is_compiled_once():
    assert icarus.compiled(TINY) is icarus.compiled(TINY.model_copy(update=dict(memory_latency=99)))
    assert icarus.compiled(TINY) is not icarus.compiled(TINY.model_copy(update=dict(rows=1)))
    assert icarus.compiled(TINY).vvp.is_file()


def test_a_simulation_that_a_full_disk_cuts_off_is_not_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "top.v").write_text("module top; initial $finish; endmodule\n")
    whole = icarus.simulation("top", [tmp_path / "top.v"]).read_text()
    for end in (whole.index(":file_names"), whole.rindex('"'), whole[:-1].rindex("\n") + 1):
        monkeypatch.setattr(icarus, "call", lambda *words, end=end: Path(words[5]).write_text(whole[:end]))
        (tmp_path / "top.v").write_text(f"module top; initial $finish; endmodule // {end}\n")
        with pytest.raises(OSError, match="iverilog's output is cut off"):
            icarus.simulation("top", [tmp_path / "top.v"])
    assert len(list((tmp_path / "sat-cosim").iterdir())) == 1


def test_generated_files_stay_in_the_scratch_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert_contract(cosim.engine("icarus", SatConfig(name="fresh", rows=1, columns=2)), *operands(2, 3, 4))
    assert list(tmp_path.iterdir()) == []


def test_keep_keeps_the_verilog_and_the_configuration_that_made_it(tmp_path):
    folder = tmp_path / "not" / "there"
    cosim.engine("icarus", TINY, keep=folder)
    names = {path.name for path in folder.iterdir()}
    assert {"sat_harness.v", "sat.v", "sat_uspe.v", "sat_fp32_add.v", "configuration.json"} <= names
    assert json.loads((folder / "configuration.json").read_text()) == TINY.model_dump()
    for path in folder.glob("*.v"):
        assert re.findall(r"^module (\w+)", path.read_text(), re.MULTILINE) == [path.stem]


def test_keep_keeps_it_again_after_it_was_removed(tmp_path):
    for _ in range(2):
        cosim.engine("icarus", TINY, keep=tmp_path)
        assert (tmp_path / "sat_harness.v").is_file()
        for path in tmp_path.iterdir():
            path.unlink()


def test_kept_verilog_can_be_run_and_is_what_runs(tmp_path):
    cosim.engine("icarus", TINY, keep=tmp_path)
    assert_contract(cosim.engine("icarus", TINY, verilog=tmp_path), *operands(3, 9, 5))
    text = (tmp_path / "sat_work_counters.v").read_text()
    (tmp_path / "sat_work_counters.v").write_text(text.replace("busy <= (busy + 1);", "busy <= (busy + 3);"))
    values = operands(3, 9, 5)
    right, changed = (
        cosim.engine("icarus", TINY, **options).gemm(*values).report.busy for options in ({}, dict(verilog=tmp_path))
    )
    assert changed == 3 * right > 0


def test_kept_verilog_can_be_run_beside_another_memory_and_under_another_name(tmp_path):
    cosim.engine("icarus", TINY, keep=tmp_path)
    other = TINY.model_copy(update=dict(name="other", clock_mhz=100.0, buffer_kib=1, memory_latency=50))
    assert_contract(cosim.engine("icarus", other, verilog=tmp_path), *operands(3, 9, 5))


@pytest.mark.parametrize(
    "name, source, text",
    [
        ("sat.v", "module sat;\n  oops oops\nendmodule\n", r"sat\.v:\d+: syntax error"),
        ("sat.v", "", r"Unknown module type: sat"),
        ("sat_uspe.v", "module sat_uspe; endmodule\n", r"is not a port of"),
    ],
)
def test_verilog_that_does_not_compile_fails_with_iverilogs_own_text(name, source, text, tmp_path):
    cosim.engine("icarus", TINY, keep=tmp_path)
    (tmp_path / name).write_text(source)
    with pytest.raises(cosim.ToolFailed, match=rf"(?s)^iverilog failed: .*{text}"):
        cosim.engine("icarus", TINY, verilog=tmp_path)


def test_the_watched_signals_are_outputs_of_the_device(tmp_path):
    """An unknown value is looked for by a path into the device, under the names of its ports."""
    cosim.engine("icarus", TINY, keep=tmp_path)
    ports = re.findall(r"^output (?:\[\d+:0\] )?(\w+);", (tmp_path / "sat.v").read_text(), re.MULTILINE)
    assert set(icarus.WATCHED) <= set(ports) and len(icarus.WATCHED) == 8
