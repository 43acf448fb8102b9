"""Programs outside Python."""

import sys

import pytest

from cosim import tools
from cosim.tools import PACKAGES, REQUIRED, ToolFailed, ToolMissing, call, missing, tool


def test_a_program_that_is_there_is_found_and_every_required_one_has_a_package():
    assert tool("iverilog").endswith("iverilog") and not missing(REQUIRED)
    assert set(REQUIRED) <= set(PACKAGES)


@pytest.mark.parametrize(
    "name, packages, named",
    [
        ("iverilog", "iverilog g++", ""),
        ("vvp", "iverilog g++", ""),
        ("verilator", "iverilog g++ verilator", " verilator"),
        ("yosys", "iverilog g++ yosys", " yosys"),
        ("yosys-smtbmc", "iverilog g++ yosys", " yosys-smtbmc"),
    ],
)
def test_a_missing_program_gets_one_line_that_installs_it(name, packages, named, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ToolMissing) as caught:
        tool(name)
    assert str(caught.value) == (
        f"{name} is not installed; on Debian or Ubuntu: apt-get install {packages} (or: python -m cosim.install{named})"
    )
    assert missing([name]) == [name]


@pytest.mark.parametrize(
    "shared, found, absent",
    [(1, None, []), (0, "libpython3.so.1", []), (0, None, ["libpython"]), (None, None, ["libpython"])],
)
def test_pythons_library_is_its_own_or_the_systems(shared, found, absent, monkeypatch):
    monkeypatch.setattr(tools.sysconfig, "get_config_var", lambda name: shared)
    monkeypatch.setattr(tools.ctypes.util, "find_library", lambda name: found)
    assert missing(["libpython"]) == absent
    assert PACKAGES["libpython"] == f"libpython3.{sys.version_info.minor}"


def test_a_program_that_fails_is_quoted():
    with pytest.raises(ToolFailed, match="failed: no such luck"):
        call(sys.executable, "-c", "raise SystemExit('no such luck')")
    call(sys.executable, "-c", "")
