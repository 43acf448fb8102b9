"""The kernel's C++, compiled once for each user into a cache folder; one library for all instruction sets."""

import ctypes
import functools
import platform
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cosim.build_cache import kept, scratch
from cosim.tools import call, tool, version

HERE = Path(__file__).parent
FLAGS = ("-std=c++17", "-O3", "-fPIC", "-fno-math-errno", "-fvisibility-inlines-hidden")
AVX2 = ("-mavx2", "-mfma", "-mf16c")
OBJECTS = {
    "kernel": ("kernel.cc", ()),
    "threads": ("kernel_threads.cc", ()),
    "generic": ("kernel_path.cc", ()),
    "vectors": ("kernel_vectors.cc", ("-ffp-contract=off",)),
    "trees": ("kernel_trees.cc", ("-ffp-contract=off",)),
}
OBJECTS_X86 = {
    "kernel": ("kernel.cc", ("-DSAT_X86",)),
    "avx2": ("kernel_path.cc", AVX2),
    "avx512": ("kernel_path.cc", (*AVX2, "-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512dq")),
}
PATHS = ("generic", "avx2", "avx512")  # by their numbers, each better than the one before


class Library:
    """The C functions of a compiled kernel. Those of every training step take a pointer to all their arguments in a
    structure, or in several and how many, so that ctypes converts but one or two."""

    def __init__(self, file: Path):
        library = ctypes.CDLL(str(file))
        self.gemm, self.prune, self.peak, best = library.sat_gemm, library.sat_prune, library.sat_peak, library.sat_best
        self.sgd, self.finite, self.col2im = library.sat_sgd, library.sat_finite, library.sat_col2im
        self.trees = library.sat_trees
        for function in (self.gemm, self.prune, self.col2im, self.trees):
            function.argtypes, function.restype = [ctypes.c_char_p], None
        self.turn = library.sat_turn
        for function in (self.sgd, self.finite, self.turn):
            function.argtypes, function.restype = [ctypes.c_char_p, ctypes.c_int64], None
        self.gemm.restype = self.finite.restype = ctypes.c_int64
        self.peak.argtypes, self.peak.restype = [ctypes.c_int64] * 3, ctypes.c_double
        best.argtypes, best.restype = [], ctypes.c_int64
        self.best = best()


@functools.cache
def library() -> Library:
    """The kernel, from the cache or compiled into it; into a temporary folder where nothing may be executed there.

    Raises ToolMissing without a compiler, and ToolFailed where it refuses.
    """
    try:
        return Library(kept("kernel.so", _sources(), _compiled))
    except OSError:
        return Library(_compiled(Path(tempfile.mkdtemp(dir=scratch()))))


def _objects() -> dict[str, tuple[str, tuple[str, ...]]]:
    return OBJECTS | OBJECTS_X86 if platform.machine() in ("x86_64", "AMD64") else OBJECTS


def _sources() -> list[str]:
    """All that the library depends on: compiler, processor, flags and sources."""
    sources = sorted([*HERE.glob("kernel*.cc"), *HERE.glob("kernel*.h")])
    parts = [version("g++"), platform.machine(), repr((FLAGS, _objects()))]
    return parts + [source.read_text() for source in sources]


def _compiled(work: Path) -> Path:
    def compiled(name: str, source: str, flags: tuple[str, ...]) -> Path:
        call(tool("g++"), *FLAGS, *flags, "-c", HERE / source, "-o", work / f"{name}.o")
        return work / f"{name}.o"

    with ThreadPoolExecutor(2) as pool:
        objects = list(pool.map(lambda item: compiled(item[0], *item[1]), reversed(_objects().items())))
    call(tool("g++"), "-shared", "-pthread", "-o", work / "kernel.so", *objects, "-ldl")
    return work / "kernel.so"
