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


def test_it_is_compiled_once_and_again_when_something_changes(fast, tmp_path, monkeypatch):
    name = f"kernel-{kernel_library._key()}.so"
    first = kernel_library._kept(tmp_path / "new", name)
    time = first.stat().st_mtime_ns
    assert kernel_library._kept(tmp_path / "new", name) == first and first.stat().st_mtime_ns == time
    assert [file.name for file in (tmp_path / "new").iterdir()] == [name]
    assert kernel_library.Library(first).best == 0
    monkeypatch.setattr(kernel_library, "FLAGS", (*kernel_library.FLAGS, "-g"))
    assert f"kernel-{kernel_library._key()}.so" != name


def test_the_cache_folder_is_the_users(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert kernel_library._cache() == tmp_path / "sat-cosim"
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert kernel_library._cache() == tmp_path / ".cache/sat-cosim"


def test_a_cache_that_cannot_be_written_is_done_without(fast, tmp_path, monkeypatch):
    (tmp_path / "sat-cosim").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kernel_library.library.cache_clear()
    try:
        assert kernel_library.library().best == 0
    finally:
        kernel_library.library.cache_clear()
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
        kernel_library._key()
