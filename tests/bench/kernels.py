"""Rows 1, 5 and 6: the functional engine against torch, the conversion, and the model's utilisation."""

import math
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

import cosim
from rtl.sat.axi import sat_axi
from rtl.sat.config import PRESETS, SatConfig
from rtl.sparsity import Sparsity
from tests.bench.measure import Row, Took, best, interleaved, timed
from tlm import Gemm, schedule, simulate
from tlm.sat.dataflow import DATAFLOWS

SIZE = 1024  # of the square GEMM
SECONDS, LINES = 10, 5_000
LARGE = 2048  # of a square GEMM far above what memory could bound
UTILISATION = 0.95


def functional_row(seed: int, quick: bool) -> Row:
    """GMAC/s of the functional engine and of torch.matmul in float32, on as many threads as the engine uses."""
    engine, rng = cosim.engine("functional", "vcu1525"), np.random.default_rng(seed)
    a, b = (rng.standard_normal((SIZE, SIZE)).astype(np.float16) for _ in range(2))
    wide_a, wide_b = (torch.from_numpy(x).float() for x in (a, b))
    engine.gemm(a, b)
    with TorchThreads(threads := used_threads(lambda: engine.gemm(a, b))):
        torch.matmul(wide_a, wide_b)
        times = interleaved(
            2 if quick else 15, warm=True, engine=lambda: engine.gemm(a, b), torch=lambda: torch.matmul(wide_a, wide_b)
        )
    ours, theirs = (SIZE**3 / best(times[name]).wall / 1e9 for name in ("engine", "torch"))
    return Row(
        f"functional engine, {SIZE}³",
        f"{ours:.2f} GMAC/s = {ours / theirs:.2f}x torch.matmul in float32 ({theirs:.1f}); threads: {threads}",
        ours / theirs,
        ">= 1x",
        ours >= theirs,
        dict(threads=threads, gmacs=ours, torch_gmacs=theirs),
    )


class TorchThreads:
    """torch on that many threads, for a while."""

    def __init__(self, number: int):
        self.number = number

    def __enter__(self) -> None:
        self.before = torch.get_num_threads()
        torch.set_num_threads(self.number)

    def __exit__(self, *_) -> None:
        torch.set_num_threads(self.before)


def used_threads(call: Callable[[], object]) -> int:
    """Threads that a call keeps busy: its processor time in that of the clock, at its best of three."""
    runs: list[Took] = [timed(call)[1] for _ in range(3)]
    return max(1, math.ceil(max(took.cpu / took.wall for took in runs) - 0.2))


def conversion_rows() -> Iterator[Row]:
    """Seconds and lines of the 32x32 array's Verilog, AXI ports included."""
    with tempfile.TemporaryDirectory() as folder:
        files, took = timed(lambda: sat_axi.write(PRESETS["vcu1525"], Path(folder)))
        lines = sum(len(path.read_text().splitlines()) for path in files.values())
    yield Row("vcu1525 to Verilog, time", f"{took.wall:.2f} s", took.wall, f"< {SECONDS} s", took.wall < SECONDS)
    yield Row(
        "vcu1525 to Verilog, size",
        f"{lines:,} lines in {len(files)} modules",
        lines,
        f"< {LINES:,}",
        lines < LINES,
        dict(modules=len(files)),
    )


def utilisation_rows() -> Iterator[Row]:
    """Multiply-adds in what the array could have done in the model's cycles; no target without interleaving."""
    config = PRESETS["vcu1525"]
    for sparsity in ("dense", "2:8"):
        for dataflow in DATAFLOWS:
            yield _utilisation(config, sparsity, dataflow)
    yield _utilisation(config.model_copy(update=dict(name="vcu1525 without interleaving", interleave=1)), "dense", "os")


def _utilisation(config: SatConfig, sparsity: str, dataflow: str) -> Row:
    program = schedule(Gemm(LARGE, LARGE, LARGE, Sparsity.parse(sparsity)), config, dataflow)
    timeline = simulate(program)
    share = program.gemm.macs / (timeline.cycles * config.elements)
    row = Row(
        f"PE utilisation, {config.name}, {LARGE}³ {sparsity}, {dataflow}",
        f"{share:.2%} of {timeline.cycles:,} cycles",
        share,
        details=dict(cycles=timeline.cycles, busy=timeline.busy, waiting=timeline.waiting),
    )
    return (
        row
        if config.interleave < config.turn
        else replace(row, target=f">= {UTILISATION:.0%}", met=share >= UTILISATION)
    )
