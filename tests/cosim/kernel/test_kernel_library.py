"""The compiled kernel: where it is kept, when it is compiled anew, and that processes do not disturb each other."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cosim.kernel import kernel_library
from cosim.tools import ToolMissing, missing

ROOT = Path(__file__).resolve().parents[3]
USE = """
import numpy as np
from cosim.kernel import kernel
assert kernel.gemm(np.ones((2, 3), np.float16), np.ones((3, 2), np.float16)).tolist() == [[3, 3], [3, 3]]
print(kernel.path())
"""

pytestmark = pytest.mark.skipif(bool(missing(["g++"])), reason="g++ is not installed")


@pytest.fixture
def fast(monkeypatch):
    """Compiles without optimisation, and but one path."""
    monkeypatch.setattr(kernel_library, "FLAGS", ("-std=c++17", "-O0", "-fPIC"))
    monkeypatch.setattr(kernel_library, "OBJECTS_X86", {})


def anew():
    """The library as a new process would have it."""
    kernel_library.library.cache_clear()
    try:
        return kernel_library.library()
    finally:
        kernel_library.library.cache_clear()


def test_it_is_compiled_once_and_again_when_something_changes(fast, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "sat-cosim"
    assert anew().best == 0
    (first,) = folder.iterdir()
    before = first.stat().st_ino
    assert anew().best == 0
    assert [file.stat().st_ino for file in folder.iterdir()] == [before]
    monkeypatch.setattr(kernel_library, "FLAGS", (*kernel_library.FLAGS, "-g"))
    assert anew().best == 0 and len(list(folder.iterdir())) == 2


def test_a_cache_that_cannot_be_written_is_done_without(fast, tmp_path, monkeypatch):
    (tmp_path / "sat-cosim").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert anew().best == 0
    assert [file.name for file in tmp_path.iterdir()] == ["sat-cosim"]


def test_processes_that_start_together_share_it():
    processes = [
        subprocess.Popen([sys.executable, "-c", USE], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    printed = {process.communicate()[0] for process in processes}
    assert len(printed) == 1 and printed <= {"generic\n", "avx2\n", "avx512\n"}


def test_without_a_compiler_it_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(ToolMissing, match="g\\+\\+ is not installed"):
        kernel_library._sources()
