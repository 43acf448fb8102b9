"""The kernel's C++, compiled once for each user into a cache folder; one library for all instruction sets."""

import atexit
import ctypes
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cosim.tools import call, tool

HERE = Path(__file__).parent
FLAGS = ("-std=c++17", "-O3", "-fPIC", "-fno-math-errno", "-fvisibility-inlines-hidden")
AVX2 = ("-mavx2", "-mfma", "-mf16c")
OBJECTS = {
    "kernel": ("kernel.cc", ()),
    "generic": ("kernel_path.cc", ()),
    "vectors": ("kernel_vectors.cc", ("-ffp-contract=off",)),
}
OBJECTS_X86 = {
    "kernel": ("kernel.cc", ("-DSAT_X86",)),
    "avx2": ("kernel_path.cc", AVX2),
    "avx512": ("kernel_path.cc", (*AVX2, "-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512dq")),
}
PATHS = ("generic", "avx2", "avx512")  # by their numbers, each better than the one before


class Library:
    """The C functions of a compiled kernel. Those of every training step take one pointer, to all their arguments in a
    structure, so that ctypes converts but one."""

    def __init__(self, file: Path):
        library = ctypes.CDLL(str(file))
        self.gemm, self.prune, self.peak, best = library.sat_gemm, library.sat_prune, library.sat_peak, library.sat_best
        self.sgd, self.col2im = library.sat_sgd, library.sat_col2im
        for function in (self.gemm, self.prune, self.sgd, self.col2im):
            function.argtypes, function.restype = [ctypes.c_char_p], None
        self.gemm.restype = ctypes.c_int64
        self.peak.argtypes, self.peak.restype = [ctypes.c_int64] * 3, ctypes.c_double
        best.argtypes, best.restype = [], ctypes.c_int64
        self.best = best()


@functools.cache
def library() -> Library:
    """The kernel, from the cache folder or compiled into it; into a temporary one where that cannot be written.

    Raises ToolMissing without a compiler, and ToolFailed where it refuses.
    """
    name = f"kernel-{_key()}.so"
    try:
        return Library(_kept(_cache(), name))
    except OSError:  # it cannot be written, is full, or nothing may be executed there
        return Library(_kept(_scratch(), name))


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "sat-cosim"


def _scratch() -> Path:
    """A new folder that is removed when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="sat-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _objects() -> dict[str, tuple[str, tuple[str, ...]]]:
    return OBJECTS | OBJECTS_X86 if platform.machine() in ("x86_64", "AMD64") else OBJECTS


def _key() -> str:
    """A hash of all that the library depends on: sources, compiler and flags."""
    version = subprocess.run([tool("g++"), "--version"], capture_output=True, text=True).stdout
    parts = [version, platform.machine(), repr((FLAGS, _objects()))]
    parts += [source.read_text() for source in sorted([*HERE.glob("kernel*.cc"), *HERE.glob("kernel*.h")])]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def _kept(folder: Path, name: str) -> Path:
    """The library in that folder. Processes that compile it at the same time each put a whole one into its place."""
    file = folder / name
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as work:
            os.replace(_compiled(Path(work)), file)
    return file


def _compiled(work: Path) -> Path:
    def compiled(name: str, source: str, flags: tuple[str, ...]) -> Path:
        call(tool("g++"), *FLAGS, *flags, "-c", HERE / source, "-o", work / f"{name}.o")
        return work / f"{name}.o"

    with ThreadPoolExecutor(2) as pool:
        objects = list(pool.map(lambda item: compiled(item[0], *item[1]), reversed(_objects().items())))
    call(tool("g++"), "-shared", "-pthread", "-o", work / "kernel.so", *objects)
    return work / "kernel.so"
