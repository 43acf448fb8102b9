"""Both simulators on the same GEMMs, each in a process of its own, with the time and memory that it took."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from rtl.sat.config import PRESETS, SatConfig
from tests.bench.measure import TELLS_PEAK, CheckFailed, timed
from tests.peers import scale_sim
from tests.peers.formula import Ours
from tests.peers.gemms import Shape, topology
from tests.support.tree import ROOT

# The largest preset with a memory that is out of the way, as it is for SCALE-Sim; a load still takes a line a cycle.
MEMORY = dict(buffer_kib=2**20, memory_latency=0, read_bytes_per_cycle=2.0**20, write_bytes_per_cycle=2.0**20)
CONFIG: SatConfig = PRESETS["vcu1525"].model_copy(update=dict(name="peer", **MEMORY))
SAT = 'import runpy\nsys.argv[1:1] = ["cycles"]\nrunpy.run_module("sat", run_name="__main__")\n'


@dataclass(frozen=True)
class Took:
    """Seconds from a process's start to its end, on the clock and of processor time; and its peak of memory in MB.

    On a machine that others use, too, processor time is the one to compare.
    """

    seconds: float
    processor: float
    megabytes: float


def run_scale_sim(python: Path, shapes: Sequence[Shape], dataflow: str, folder: Path) -> tuple[list[int], Took]:
    """(cycles of each GEMM, what it took) of SCALE-Sim. Raises CheckFailed."""
    files = {name: folder / name for name in ("scale.cfg", "gemms.csv", "layout.csv")}
    texts = scale_sim.configuration(*CONFIG.size, dataflow), topology(shapes), scale_sim.LAYOUT
    for file, text in zip(files.values(), texts, strict=True):
        file.write_text(text)
    took = _run([python, "-c", TELLS_PEAK + scale_sim.DRIVER, *files.values(), folder], folder, scale_sim.alone())
    counted = scale_sim.cycles_in((folder / scale_sim.RUN / scale_sim.REPORT).read_text())
    return _all_of(counted, shapes, "SCALE-Sim"), took


def run_sat(shapes: Sequence[Shape], dataflow: str, folder: Path) -> tuple[list[Ours], Took]:
    """(cycles of each GEMM, what it took) of `sat cycles`, which costs whole training steps. Raises CheckFailed."""
    csv, config, out = (folder / name for name in ("gemms.csv", "config.json", "sat.json"))
    csv.write_text(topology(shapes))
    config.write_text(CONFIG.model_dump_json())
    words = ("--topology", csv, "--config", config, "--method", "dense", "--batch", "1", "--dataflow", dataflow)
    took = _run([sys.executable, "-c", TELLS_PEAK + SAT, *words, "--json", out], ROOT, os.environ)
    return _all_of(cycles_in(json.loads(out.read_text())), shapes, "sat cycles"), took


def cycles_in(report: dict) -> list[Ours]:
    """Those of the forward passes in the data of `sat cycles`."""
    return [Ours(row["busy"], row["memory_wait"]) for row in report["rows"] if row["stage"] == "ff"]


def best_of(times: int, call: Callable[[], tuple[list[Ours], Took]]) -> tuple[list[Ours], Took]:
    """What a call counts, and the least that it took."""
    runs = [call() for _ in range(times)]
    least = (min(getattr(took, one.name) for _, took in runs) for one in fields(Took))
    return runs[0][0], Took(*least)


def _all_of(counted: list, shapes: Sequence[Shape], who: str) -> list:
    if len(counted) != len(shapes):
        raise CheckFailed(f"{who} must count {len(shapes)} GEMMs, not {len(counted)}")
    return counted


def _run(command: Sequence[object], folder: Path, variables: dict[str, str] | os._Environ[str]) -> Took:
    def call() -> subprocess.CompletedProcess[str]:
        return subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True, env=variables)

    done, took = timed(call)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if not line.isdecimal()]  # but for the peak, its last word
        raise CheckFailed(f"{command[0]} failed: {' '.join(said[-1:])}")
    return Took(took.wall, took.cpu, int(done.stderr.split()[-1]) / 1024)
