"""The compiled library: kept, made anew when it is damaged, and without cells where a design has none."""

from dataclasses import replace

import pytest

import cosim
from cosim import accelerators
from cosim.build_cache import folder
from cosim.engines.verilator import library
from rtl.sat.config import SatConfig
from tests.cosim.support import TINY, assert_contract, operands
from tests.support.tools import needed


@pytest.fixture(autouse=True)
def _tools():
    needed("verilator", "g++")


def test_a_library_is_compiled_once_in_a_process_and_found_by_others(monkeypatch):
    first = library.library(TINY)
    assert library.library(TINY) is first
    assert library.library(TINY.model_copy(update=dict(buffer_kib=7, clock_mhz=300.0))) is first
    monkeypatch.setattr(library._Design, "compiled", lambda design, work: pytest.fail("compiled again"))
    library._usual.cache_clear()
    assert library.library(TINY) is not first


def test_a_damaged_library_is_not_loaded_but_compiled_anew(monkeypatch, tmp_path):
    library._usual.cache_clear()
    library.library(TINY)
    found = max(folder().glob("device-*.so"), key=lambda file: file.stat().st_mtime_ns)  # the one just used
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (damaged := folder() / found.name).parent.mkdir(mode=0o700)
    damaged.write_bytes(found.read_bytes()[:-1])
    damaged.chmod(0o600)
    made = []
    monkeypatch.setattr(library._Design, "compiled", lambda design, work: made.append(work) or found)
    library._usual.cache_clear()
    assert_contract(cosim.engine("verilator", TINY), *operands(3, 5, 3))
    assert len(made) == 1 and damaged.read_bytes() == found.read_bytes()
    library._usual.cache_clear()


def test_a_device_without_a_cell_is_one_model(monkeypatch):
    row = accelerators.TABLE["sat"]
    monkeypatch.setitem(
        accelerators.TABLE, "sat", replace(row, device=lambda config: replace(row.device(config), cell=None))
    )
    config = SatConfig(name="whole", rows=1, columns=1, interleave=1, largest_m=4, chunk=16, update_lanes=1)
    assert_contract(cosim.engine("verilator", config), *operands(3, 20, 5), "2:4", mapping="ws")


def test_files_of_one_model_and_speed_are_compiled_together_up_to_a_size(tmp_path, monkeypatch):
    monkeypatch.setattr(library, "UNIT_BYTES", 15)
    files = []
    sizes = {"rest/a.cpp": 10, "rest/b.cpp": 10, "rest/c.cpp": 1, "rest/a__Slow.cpp": 3, "cell/x.cpp": 5}
    for name, size in sizes.items():
        (file := tmp_path / name).parent.mkdir(exist_ok=True)
        file.write_text("x" * size)
        files.append(file)
    units = library._units(files, tmp_path)
    read = [(speed, [line.split("/")[-1][:-1] for line in unit.read_text().splitlines()]) for unit, speed in units]
    assert read == [
        (library.FAST, ["a.cpp", "b.cpp"]),
        (library.FAST, ["x.cpp"]),
        (library.SLOW, ["a__Slow.cpp"]),
        (library.FAST, ["c.cpp"]),
    ]
