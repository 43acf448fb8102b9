"""The programs outside Python that co-simulation and its checks call, and the Debian packages that bring them."""

import ctypes.util
import functools
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
PACKAGES = {
    "iverilog": "iverilog",
    "vvp": "iverilog",
    "iverilog-vpi": "iverilog",
    "g++": "g++",
    "verilator": "verilator",
    "yosys": "yosys",
    "yosys-smtbmc": "yosys",
    "tclsh": "tcl",
    "dot": "graphviz",
    "libpython": f"lib{PYTHON}",  # no program: cocotb loads it into the simulator
}
REQUIRED = ("iverilog", "g++")  # iverilog-vpi compiles MyHDL's bridge


class ToolMissing(RuntimeError):
    """A program that co-simulation needs is not installed."""


class ToolFailed(RuntimeError):
    """A program refused its input: the Verilog does not compile, for example."""


def missing(names: Iterable[str]) -> list[str]:
    """Those of the programs that are not on the PATH, and the library where it is not to be found."""
    return [name for name in names if not (_library() if name == "libpython" else shutil.which(name))]


def _library() -> bool:
    """Whether Python's shared library is there: its own, or the system's."""
    return bool(sysconfig.get_config_var("Py_ENABLE_SHARED") or ctypes.util.find_library(PYTHON))


def tool(name: str) -> str:
    """Path of a program. Raises ToolMissing with the line that installs it."""
    path = shutil.which(name)
    if path is None:
        required = [PACKAGES[tool] for tool in REQUIRED]
        packages = dict.fromkeys([*required, PACKAGES[name]])
        raise ToolMissing(
            f"{name} is not installed; on Debian or Ubuntu: apt-get install {' '.join(packages)} "
            f"(or: python -m cosim.install{'' if PACKAGES[name] in required else f' {name}'})"
        )
    return path


def version(name: str) -> str:
    """What a program says of its version: its first line. Raises ToolMissing."""
    return _first_line(tool(name), {"iverilog": "-V", "vvp": "-V", "yosys": "-V"}.get(name, "--version"))


@functools.cache
def _first_line(*command: str) -> str:
    said = subprocess.run(command, capture_output=True, text=True)
    return (said.stdout or said.stderr).partition("\n")[0]


def call(*command: str | Path, cwd: Path | None = None, **environment: str) -> None:
    """Run a program, with more in its environment. Raises ToolFailed with its output."""
    parts, env = [str(part) for part in command], os.environ | environment
    done = subprocess.run(parts, cwd=cwd, env=env, capture_output=True, text=True)
    if done.returncode:
        raise ToolFailed(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout).strip()}")
