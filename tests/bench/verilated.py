"""The engine verilator: beside Icarus on the same program, at 32x32, and what its compilation takes."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

import cosim
from cosim.exchange import GemmResult
from tests.bench.measure import CheckFailed, Row, best, interleaved, pinned
from tests.bench.simulators import Case

ROOT = Path(__file__).resolve().parents[2]
TIMES_ICARUS = 150
PE_CYCLES = 10_000_000  # a second at 32x32, to reach
BUILD_SECONDS, BUILD_MEGABYTES = 90, 2048
CASES = (Case("small", 32, 256, 64), Case("small", 32, 1024, 64, "2:8"))
SIGMA = Case("medium", 32, 128, 128, dataflow="mk", accelerator="sigma", density=0.5)
LARGE = (
    Case("vcu1525", 256, 288, 256),
    Case("vcu1525", 256, 1152, 256, "2:8"),
    Case("vcu1525", 256, 288, 256, dataflow="ws"),
)
BUILD = """
import resource, cosim
cosim.engine("verilator", "vcu1525")
spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(sum(one.ru_utime + one.ru_stime for one in spent), max(one.ru_maxrss for one in spent) / 1024)
"""
RUNS = 10  # of Verilator for one of Icarus


def verilator_rows(seed: int, quick: bool) -> Iterator[Row]:
    """Speed as a ratio to Icarus on `small` and on SIGMA; PE-cycles a second at 32x32; time and memory of a build."""
    repeats = 1 if quick else 3
    for case in (CASES[0],) if quick else (*CASES, SIGMA):
        yield _beside_icarus(case, seed, repeats)
    for case in LARGE[:1] if quick else LARGE:
        yield _large(case, seed, repeats)
    if not quick:
        yield from _build()


def _beside_icarus(case: Case, seed: int, repeats: int) -> Row:
    found: dict[str, list[GemmResult]] = {"icarus": [], "verilator": []}
    engines = {name: cosim.engine(name, case.config, case.accelerator) for name in found}
    a, b = case.operands(seed)

    def run(name: str) -> None:
        found[name].append(engines[name].gemm(a, b, case.sparsity, mapping=case.dataflow))

    times = interleaved(
        repeats, pinned, icarus=lambda: run("icarus"), verilator=lambda: [run("verilator") for _ in range(RUNS)]
    )
    _check(case, [result for results in found.values() for result in results])
    slow, fast = best(times["icarus"]).cpu, best(times["verilator"]).cpu / RUNS
    speed, ratio = found["icarus"][0].cycles * engines["icarus"].config.elements / fast, slow / fast
    return Row(
        f"Verilator, {case.name}",
        f"{ratio:.0f}x Icarus: {speed / 1e6:.1f} M PE-cycles/s",
        ratio,
        f">= {TIMES_ICARUS}x" if case.accelerator == "sat" else "",
        ratio >= TIMES_ICARUS if case.accelerator == "sat" else None,
        dict(case=asdict(case), times={name: [asdict(one) for one in each] for name, each in times.items()}),
    )


def _check(case: Case, results: list[GemmResult]) -> None:
    first = results[0]
    for other in results:
        if other.report != first.report or not np.array_equal(other.c.view(np.uint32), first.c.view(np.uint32)):
            raise CheckFailed(f"{case.name}: Icarus and Verilator differ")


def _large(case: Case, seed: int, repeats: int) -> Row:
    engine, (a, b), results = cosim.engine("verilator", case.config), case.operands(seed), []
    times = interleaved(
        repeats, pinned, run=lambda: results.append(engine.gemm(a, b, case.sparsity, mapping=case.dataflow))
    )
    _check(case, [cosim.engine("functional", case.config).gemm(a, b, case.sparsity, mapping=case.dataflow), *results])
    speed = results[0].cycles * engine.config.elements / best(times["run"]).cpu
    return Row(
        f"Verilator, {case.name}",
        f"{speed / 1e6:.1f} M PE-cycles/s = {speed / engine.config.elements:,.0f} cycles/s, on one processor",
        speed,
        f">= {PE_CYCLES / 1e6:.0f} M",
        speed >= PE_CYCLES,
        dict(case=asdict(case), times=[asdict(one) for one in times["run"]]),
    )


def _build() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"XDG_CACHE_HOME": folder}
        done = subprocess.run([sys.executable, "-c", BUILD], cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise CheckFailed(f"no engine verilator for vcu1525: {done.stderr.strip()}")
    seconds, megabytes = map(float, done.stdout.split())
    target, met = f"< {BUILD_SECONDS} s", seconds < BUILD_SECONDS
    yield Row("Verilator, vcu1525, compiled, time", f"{seconds:.0f} s of processor time", seconds, target, met)
    target, met = f"< {BUILD_MEGABYTES} MB", megabytes < BUILD_MEGABYTES
    yield Row(
        "Verilator, vcu1525, compiled, memory", f"{megabytes:.0f} MB in the largest process", megabytes, target, met
    )
