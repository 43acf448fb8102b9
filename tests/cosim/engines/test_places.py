"""Where things lie is free: MyHDL under any prefix, and temporary folders with spaces and colons in their names."""

import functools
import importlib.metadata
import shutil
import tempfile
from pathlib import Path

import pytest

import cosim
from cosim import build_cache
from cosim.engines import icarus, icarus_engine
from tests.cosim.support import TINY, assert_contract, operands

LISTED = "../../share/myhdl/cosimulation/icarus"  # where pip puts a wheel's data, seen from site-packages


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """A new scratch folder with spaces and a colon in its name: nothing there has been built."""
    folder = tmp_path / "with a space: and more"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setattr(build_cache, "scratch", functools.cache(build_cache.scratch.__wrapped__))
    monkeypatch.setattr(icarus, "scratch", build_cache.scratch)
    for name in ("bridge", "faster_casts"):
        monkeypatch.setattr(icarus, name, functools.cache(getattr(icarus, name).__wrapped__))
    monkeypatch.setattr(icarus, "_usual", icarus._build)
    return folder


def installed_in(folder: Path, monkeypatch, files: list[str]) -> None:
    """Let the installed myhdl be one that lists `files`, in site-packages below the folder."""
    site = folder / "lib" / "site-packages"
    (site / "myhdl-0.11.52.dist-info").mkdir(parents=True)
    (site / "myhdl-0.11.52.dist-info" / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    (site / "myhdl-0.11.52.dist-info" / "METADATA").write_text("Name: myhdl\nVersion: 0.11.52\n")
    distribution = importlib.metadata.PathDistribution(site / "myhdl-0.11.52.dist-info")
    monkeypatch.setattr(importlib.metadata, "files", lambda name: distribution.files)


def test_a_gemm_runs_beside_a_scratch_folder_with_spaces_and_a_colon(elsewhere, monkeypatch):
    maps = []
    check = icarus_engine.Simulator.check

    def look(simulator):
        maps.append(Path(f"/proc/{simulator.process.pid}/maps").read_text())
        check(simulator)

    monkeypatch.setattr(icarus_engine.Simulator, "check", look)
    assert_contract(cosim.engine("icarus", TINY), *operands(3, 9, 5))
    loaded = {Path(line.split(maxsplit=5)[-1]) for line in maps[0].splitlines() if str(elsewhere) in line}
    assert {path.name for path in loaded} == {"dynamic_cast.so", "myhdl.vpi"}


def test_the_bridge_is_found_where_the_installed_myhdl_lists_it(elsewhere, monkeypatch, tmp_path):
    prefix = tmp_path / "another prefix"
    folder = prefix / "share/myhdl/cosimulation/icarus"
    folder.mkdir(parents=True)
    for source in icarus._bridge_sources():
        shutil.copy(source, folder)
    installed_in(prefix, monkeypatch, ["myhdl/__init__.py", *(f"{LISTED}/{name}" for name in icarus.BRIDGE)])
    assert {source.resolve() for source in icarus._bridge_sources()} == set(folder.iterdir())
    assert icarus.bridge().is_file()


@pytest.mark.parametrize("files", [[], [f"{LISTED}/myhdl.c"], [f"{LISTED}/{name}" for name in icarus.BRIDGE]])
def test_a_myhdl_without_its_bridge_gets_one_line_that_says_what_to_do(files, monkeypatch, tmp_path):
    installed_in(tmp_path, monkeypatch, files)  # of the last no file is there
    with pytest.raises(
        cosim.ToolFailed, match=r"^the installed myhdl lists no .*; pip install --force-reinstall myhdl$"
    ):
        icarus._bridge_sources()
