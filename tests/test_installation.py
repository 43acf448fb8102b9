"""The wheel, installed in a folder with a space and by --user: all that it needs is in it, wherever it lies.

Both are given the packages of the environment that runs the tests, so that nothing is downloaded.
"""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from cosim.engines import icarus
from tests.support.tools import heard

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())
LAYERS = [name.rstrip("*") for name in SETTINGS["tool"]["setuptools"]["packages"]["find"]["include"]]
BUILD = "import setuptools.build_meta as backend; print(backend.build_wheel('.'))"
PLACES = """
import cosim, myhdl
from cosim.engines import icarus
assert icarus.bridge().is_file()
print(cosim.__file__, myhdl.__file__, *icarus._bridge_sources(), sep="\\n")
"""
TINY = dict(name="tiny", rows=1, columns=1, interleave=4, largest_m=8, chunk=16, update_lanes=1)


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """Standard output of a command that must succeed, without this run's PYTHONPATH."""
    where = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | variables
    done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, env=where)
    assert done.returncode == 0, heard(done.stdout + done.stderr)
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built from the sources alone: what an older build has left beside them is not taken in."""
    folder = tmp_path_factory.mktemp("source")
    for layer in LAYERS:
        shutil.copytree(ROOT / layer, folder / layer, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    return folder / run(sys.executable, "-c", BUILD, cwd=folder).splitlines()[-1]


@pytest.fixture
def spaced(tmp_path) -> Path:
    """A folder with a space in its name, and a configuration in it."""
    folder = tmp_path / "with a space"
    folder.mkdir()
    (folder / "tiny.json").write_text(json.dumps(TINY))
    return folder


@pytest.fixture
def environment(spaced) -> Path:
    """A virtual environment that has a user's packages as well, and no pip: this one's serves it."""
    venv.create(spaced / "environment", system_site_packages=True, with_pip=False)
    return spaced / "environment"


def install(wheel: Path, environment: Path, site: Path, *options: str, **variables: str) -> None:
    """Install a wheel, and let what this environment has follow upon what lies in `site`."""
    pip = [sys.executable, "-m", "pip", "--python", environment / "bin/python", "install", "--no-index", "--no-deps"]
    run(*pip, "--ignore-installed", "--no-warn-script-location", *options, wheel, cwd=environment, **variables)
    (site / "dependencies.pth").write_text("\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}))


def site_of(prefix: Path) -> Path:
    return prefix / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


def test_the_wheel_has_every_file_of_the_packages(wheel):
    sources = {
        str(file.relative_to(ROOT))
        for layer in LAYERS
        for file in (ROOT / layer).rglob("*")
        if file.is_file() and file.parent.name != "__pycache__"
    }
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert len(sources) > 300 and packed == sources
    assert {f"{layer}/py.typed" for layer in LAYERS} <= packed


def test_an_environment_in_a_folder_with_a_space_works(wheel, environment, spaced):
    install(wheel, environment, site_of(environment))
    (spaced / "temporary files").mkdir()
    words = ["--gemm", "2", "8", "2", "--config", "tiny.json", "--keep", "kept verilog", "--json", "found.json"]
    said = run(environment / "bin/sat", "verify", *words, cwd=spaced, TMPDIR=str(spaced / "temporary files"))
    assert "and all cycles of" in said and list((spaced / "kept verilog").rglob("sat_harness.v"))
    package, _, *bridge = run(environment / "bin/python", "-c", PLACES, cwd=spaced).splitlines()
    assert Path(package).is_relative_to(environment) and [Path(file).name for file in bridge] == list(icarus.BRIDGE)
    assert "speed-up" in run(environment / "bin/sat", "cycles", "--config", "tiny.json", "--batch", "1", cwd=spaced)


def test_a_users_own_installation_works_with_its_own_myhdl(wheel, environment, spaced):
    user = spaced / "user"
    site, where = site_of(user), dict(PYTHONUSERBASE=str(user))
    for file in importlib.metadata.files("myhdl"):  # as pip lays them out there
        if file.suffix != ".pyc":
            (site / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file.locate(), site / file)
    install(wheel, environment, site, "--user", **where)
    places = list(map(Path, run(environment / "bin/python", "-c", PLACES, cwd=spaced, **where).splitlines()))
    assert len(places) == 4 and all(place.resolve().is_relative_to(user) for place in places)
    assert run(user / "bin/sat", "--version", cwd=spaced, **where) == f"sat {SETTINGS['project']['version']}\n"
