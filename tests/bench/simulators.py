"""Rows 2 to 4: the Icarus engine alone and against bare vvp, and the MyHDL engine.

What is timed is engine.gemm, simulator process and all, after the image has been compiled. Python and vvp take
turns on one processor, so their processor time together is what the run takes on a machine that does nothing
else. It is the judge, since the clock also counts what others do; the clock stands beside it.
"""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

import cosim
from cosim.accelerators import execution_row_of
from cosim.engines.icarus_engine import IcarusEngine
from cosim.exchange import Operands
from cosim.harness.host import Host
from cosim.operands import operands_of
from rtl.sparsity import Sparsity
from tests.bench.measure import CheckFailed, Row, Took, best, interleaved, pinned, timed
from tests.bench.replay import Replay, record
from tlm import Gemm
from tlm.transactions import Program

PE_CYCLES = 60_000  # a second, to reach
OVERHEAD = 1.15  # the engine's time, in that of bare vvp


@dataclass(frozen=True)
class Case:
    """A GEMM that keeps the array busy for some seconds of simulation."""

    config: str
    m: int
    k: int
    n: int
    sparsity: str | None = None
    dataflow: str = "os"
    accelerator: str = "sat"
    density: float = 1.0  # of both operands

    @property
    def name(self) -> str:
        sparse = self.sparsity or ("dense" if self.density == 1 else f"density {self.density:g}")
        on = self.config if self.accelerator == "sat" else f"{self.accelerator} {self.config}"
        return f"{on}, {self.m}x{self.k}x{self.n} {sparse}, {self.dataflow}"

    def operands(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        a, b = (rng.standard_normal(shape).astype(np.float16) for shape in ((self.m, self.k), (self.k, self.n)))
        if self.density < 1:
            a, b = (np.where(rng.random(side.shape) < self.density, side, np.float16(0)) for side in (a, b))
        return a, b


CASES = (
    Case("small", 16, 256, 64),
    Case("small", 16, 1024, 64, "2:8"),
    Case("medium", 16, 384, 64),
    Case("medium", 16, 1024, 64, "2:8"),
    Case("medium", 64, 192, 32, dataflow="ws"),
    Case("medium", 128, 256, 32, "2:8", "ws"),
    Case("small", 16, 128, 64, dataflow="mk", accelerator="sigma"),
    Case("medium", 32, 128, 128, dataflow="mk", accelerator="sigma", density=0.5),
)
QUICK = (Case("small", 4, 256, 64), Case("medium", 8, 512, 32, "2:8"))
MYHDL = Case("small", 4, 256, 16)


def all_icarus_rows(seed: int, quick: bool) -> Iterator[Row]:
    """Two rows for each case on Icarus."""
    for case in QUICK if quick else CASES:
        yield from icarus_rows(case, seed, repeats=1 if quick else 3)


def icarus_rows(case: Case, seed: int, repeats: int) -> Iterator[Row]:
    """Speed of the engine, and its time in that of bare vvp."""
    engine = cosim.engine("icarus", case.config, case.accelerator)
    a, b = case.operands(seed)
    program, operands = _program(engine, case, a, b)
    with tempfile.TemporaryDirectory() as folder:
        recorded = record(engine, program, operands)
        bare, reports = Replay(engine.image, recorded, Path(folder)), []

        def run() -> None:
            reports.append(engine.gemm(a, b, case.sparsity, mapping=case.dataflow).report)

        times = interleaved(repeats, pinned, bare=bare, engine=run)
    if any(other != recorded.report for other in reports):
        raise CheckFailed(f"{case.name}: the runs that were timed took other cycles than the recorded one")
    took, alone = best(times["engine"]), best(times["bare"])
    report = recorded.report
    details = dict(
        case=asdict(case),
        cycles=report.cycles,
        windows=recorded.windows,
        utilisation=report.busy / report.cycles,
        message_seconds=_messages(program, operands),
        times={name: [asdict(one) for one in each] for name, each in times.items()},
    )
    yield _speed(f"Icarus, {case.name}", report.cycles * engine.config.elements, took, details)
    yield _overhead("   against bare vvp, nothing preloaded", took, alone, details)


def _speed(what: str, pe_cycles: int, took: Took, details: dict) -> Row:
    speed = pe_cycles / took.cpu
    return Row(
        what,
        f"{speed:,.0f} PE-cycles/s (clock: {pe_cycles / took.wall:,.0f})",
        speed,
        f">= {PE_CYCLES:,}",
        speed >= PE_CYCLES,
        details,
    )


def _overhead(what: str, took: Took, alone: Took, details: dict) -> Row:
    ratio, messages = took.cpu / alone.cpu, details["message_seconds"] / took.cpu
    return Row(
        what,
        f"{ratio:.3f}x (clock: {took.wall / alone.wall:.3f}x)",
        ratio,
        f"<= {OVERHEAD}x",
        ratio <= OVERHEAD,
        dict(clock_ratio=took.wall / alone.wall, messages=messages),
    )


def _program(engine: IcarusEngine, case: Case, a: np.ndarray, b: np.ndarray) -> tuple[Program, Operands]:
    """The program that engine.gemm makes of these operands."""
    gemm = Gemm(case.m, case.k, case.n, Sparsity.parse(case.sparsity))
    operands = operands_of(gemm, a, b)
    schedule = execution_row_of(engine.config).schedule
    return schedule(gemm, operands, engine.config, case.dataflow, engine.memory), operands


def _messages(program: Program, operands: Operands) -> float:
    """Seconds of processor time in which the host makes all messages of a program."""
    start = time.process_time()
    for _ in Host(program, operands).messages:
        pass
    return time.process_time() - start


def myhdl_row(seed: int) -> Row:
    """The blocks in MyHDL's own simulator: two runs of different length tell cycles from elaboration."""
    engine = cosim.engine("myhdl", MYHDL.config)
    brief = replace(MYHDL, k=MYHDL.k // 16)
    engine.gemm(*brief.operands(seed))  # the first elaboration in a process takes longer
    (short, before), (long, took) = (
        timed(lambda case=case: engine.gemm(*case.operands(seed)).cycles) for case in (brief, MYHDL)
    )
    speed = (long - short) / (took.cpu - before.cpu)
    elaboration = took.cpu - long / speed
    return Row(
        f"MyHDL engine, {MYHDL.name}",
        f"{speed:,.0f} cycles/s = {speed * engine.config.elements:,.0f} "
        f"PE-cycles/s, after {elaboration:.1f} s of elaboration",
        speed,
        details=dict(case=asdict(MYHDL), cycles=[short, long], times=[asdict(before), asdict(took)]),
    )
