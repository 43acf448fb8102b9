"""The library of one hardware: its harness's Verilog and the loop around it, compiled once for each user."""

import ctypes
import functools
import os
import platform
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cosim.accelerators import device_of
from cosim.build_cache import kept, scratch
from cosim.engines.harness_verilog import harness_verilog, prefix, top_module
from cosim.engines.verilator import text
from cosim.engines.verilator.hierarchy import Hierarchy
from cosim.engines.verilator.netlist import modules_of
from cosim.engines.verilator.partition import Partition
from cosim.engines.verilator.tool import Verilator, verilator
from cosim.harness.messages import STAMP_BITS, lines_per_message
from cosim.tools import call, tool, version
from rtl.config import Config

HERE = Path(__file__).parent
# Registers start from random values where a device is opened with a seed, and else from zeros.
FLAGS = ("-O3", "--x-assign", "unique", "--x-initial", "unique", "--noassert", "-Wno-fatal", "--unroll-count", "4096")
TRACE = ("--trace", "--trace-structs")
OWN_ENDS = ("-DVL_USER_FINISH", "-DVL_USER_STOP", "-DVL_USER_FATAL")  # simulation.cc has them: no end of the process
CXX_FLAGS = ("-std=c++17", "-fPIC", "-fvisibility=hidden", "-w", "-DVL_TIME_CONTEXT", *OWN_ENDS)
FAST, SLOW = "-O2", "-O0"  # of what runs every cycle, and of what runs once
RUNTIME = ("verilated.cpp", "verilated_threads.cpp")
RUNTIME_TRACE = ("verilated_vcd_c.cpp",)
UNIT_BYTES = 1 << 21  # of C++ that is compiled at once: each unit reads the same headers again
BYTES = ctypes.c_void_p


class Piece(ctypes.Structure):
    """Tiles in a row, as simulation.cc takes them."""

    _fields_ = [
        ("tiles", ctypes.c_int64),
        ("last", ctypes.c_int64),
        *((name, BYTES) for name in ("lines", "counts", "commands", "read_delays", "write_delays", "beats")),
    ]


class Results(ctypes.Structure):
    """What a device has given so far, into arrays that take so many entries."""

    _fields_ = [
        *((name, BYTES) for name in ("beats", "tile_ends", "store_ends")),
        *((name, ctypes.c_int64) for name in ("most_beats", "most_tiles", "most_stores")),
        *(
            (name, ctypes.c_int64)
            for name in ("beat_count", "tile_count", "store_count", "cycle", "busy", "waiting", "idle", "overflow")
        ),
    ]


class Library:
    """The functions of simulation.cc. They leave Python's lock while they run, and devices share nothing."""

    def __init__(self, file: Path):
        library = ctypes.CDLL(str(file))
        self.open, self.feed = library.device_open, library.device_feed
        self.run, self.close = library.device_run, library.device_close
        self.open.argtypes = [ctypes.c_int64, ctypes.c_char_p, ctypes.c_int, ctypes.c_int64, ctypes.c_char_p]
        self.open.restype = ctypes.c_void_p
        self.feed.argtypes, self.feed.restype = [ctypes.c_void_p, ctypes.POINTER(Piece)], None
        self.run.argtypes = [ctypes.c_void_p, ctypes.POINTER(Results), ctypes.c_int64, ctypes.c_double]
        self.run.restype = ctypes.c_int
        self.close.argtypes, self.close.restype = [ctypes.c_void_p], None
        self.said = library.device_said
        self.said.argtypes, self.said.restype = [], ctypes.c_char_p


def library(config: Config, waves: bool = False, keep: Path | None = None, verilog: Path | None = None) -> Library:
    """The library of a configuration, from the cache or compiled into it; once in a process for each hardware.

    waves         it can write them, for which it is slower
    keep, verilog as in cosim.engines.harness_verilog
    Raises ToolMissing and ToolFailed; ValueError for folders as harness_verilog does.
    """
    if keep or verilog:
        return _library(config, waves, keep, verilog)
    return _usual(config.hardware, waves)


@functools.cache
def _usual(config: Config, waves: bool) -> Library:
    return _library(config, waves, None, None)


def _library(config: Config, waves: bool, keep: Path | None, verilog: Path | None) -> Library:
    compiler = verilator()  # before anything is made that it could not compile
    folder = harness_verilog(config, keep, verilog)
    design = _Design(compiler, config, folder, waves)
    file, own = kept("device.so", design.sources(), design.compiled), Path(tempfile.mkdtemp(dir=scratch()))
    try:
        return Library(file)
    except OSError:  # nothing may be executed there
        return Library(Path(shutil.copy(file, own)))


class _Design:
    """The two models of a harness, and how they become a library."""

    def __init__(self, compiler: Verilator, config: Config, verilog: Path, waves: bool):
        self.compiler, self.config, self.waves = compiler, config, waves
        device = device_of(config)
        modules = modules_of(sorted(verilog.glob("*.v")))
        self.cell = prefix(config).module(device.cell) if device.cell else None
        self.partition = Partition(Hierarchy(modules, top_module(config), self.cell))
        self.texts = {file.name: file.read_text() for file in sorted(verilog.glob("*.v"))}
        self.flags = (*FLAGS, *(TRACE if waves else ()))

    def sources(self) -> list[str]:
        """All that the library depends on: text.py, too, which changes what it is given."""
        own = [(HERE / name).read_text() for name in ("simulation.cc", "text.py")]
        return [*self._tools(), *own, self._wiring(), text.top(self.partition, "top"), *self.texts.values()]

    def _tools(self) -> list[str]:
        flags = repr((self.flags, CXX_FLAGS, FAST, SLOW, UNIT_BYTES))
        return [self.compiler.version, version("g++"), platform.machine(), flags]

    def _wiring(self) -> str:
        device = device_of(self.config)
        return text.wiring(
            self.partition,
            dict(
                MOST_LINES=lines_per_message(self.config),
                LINE_BITS=device.line_bits,
                LINE_BYTES=-(-device.line_bits // 8),
                COMMAND_BYTES=-(-device.command_bits // 8),
                BEAT_BYTES=device.result_bits // 8,
                STAMP_BYTES=STAMP_BITS // 8,
                CONSTANTS_BYTES=-(-(device.constants_bits or 0) // 8),
            ),
        )

    def compiled(self, work: Path) -> Path:
        """The library, built in a folder. Raises ToolFailed."""
        (work / "wiring.h").write_text(self._wiring())
        files = [*self._rest(work), *self._cell(work), HERE / "simulation.cc"]
        folders = (work, work / "rest", work / "cell")
        units = _units(files, work)
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            objects = list(pool.map(lambda unit: self._object(work, unit[0], unit[1], folders), units))
        call(tool("g++"), "-shared", "-o", work / "device.so", *objects, self._runtime(), "-pthread", "-latomic")
        return work / "device.so"

    def _object(self, work: Path, source: Path, speed: str, folders: Iterable[Path]) -> Path:
        target, include = work / f"{source.name}.o", self.compiler.include
        flags = [*CXX_FLAGS, *(("-DWAVES",) if self.waves else ())]
        flags += [f"-I{folder}" for folder in (*folders, include, include / "vltstd")]
        call(tool("g++"), speed, *flags, "-c", source, "-o", target)
        return target

    def _runtime(self) -> Path:
        """What all models share, compiled once for all of them."""
        names = RUNTIME + (RUNTIME_TRACE if self.waves else ())

        def build(work: Path) -> Path:
            source = work / "runtime.cc"
            source.write_text("".join(f'#include "{self.compiler.include / name}"\n' for name in names))
            return self._object(work, source, FAST, ())

        return kept("runtime.o", self._tools(), build)

    def _rest(self, work: Path) -> Iterable[Path]:
        files = dict(self.texts)
        if self.cell:
            files[f"{self.cell}.v"] = text.empty(self.partition.cell)
        return self._model(work / "rest", "VRest", files | {"top.v": text.top(self.partition, "top")}, "top")

    def _cell(self, work: Path) -> Iterable[Path]:
        if self.cell:
            files = {name: text.on_both_edges(verilog) for name, verilog in self.texts.items()}
            return self._model(work / "cell", "VCell", files, self.cell)
        (work / "cell").mkdir()
        (work / "cell" / "VCell.h").write_text(text.NO_CELL)
        return []

    def _model(self, folder: Path, name: str, files: dict[str, str], top: str) -> Iterable[Path]:
        folder.mkdir()
        for file, verilog in files.items():
            (folder / file).write_text(verilog)
        self.compiler(folder, name, top, (*self.flags, "-y", str(folder)), [folder / f"{top}.v"])
        return sorted(folder.glob("*.cpp"))


def _units(files: Iterable[Path], work: Path) -> list[tuple[Path, str]]:
    """Files that include these, those of one model together, and how fast each must be; the largest first."""
    groups: dict[tuple[Path, str], list[Path]] = defaultdict(list)
    for file in files:
        groups[file.parent, SLOW if "__Slow" in file.name or "__Syms" in file.name else FAST].append(file)
    units: list[tuple[int, Path, str]] = []
    for (_, speed), parts in groups.items():
        unit: list[Path] = []
        for part in parts:
            unit.append(part)
            if part is parts[-1] or _size(unit) > UNIT_BYTES:
                units.append((_size(unit), work / f"unit_{len(units)}.cc", speed))
                units[-1][1].write_text("".join(f'#include "{file}"\n' for file in unit))
                unit = []
    return [(source, speed) for _, source, speed in sorted(units, reverse=True)]


def _size(files: Iterable[Path]) -> int:
    return sum(file.stat().st_size for file in files)
