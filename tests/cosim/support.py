"""What the co-simulation tests share: a tiny array, seeded operands, the contract as one comparison."""

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cosim import Engine, GemmResult, Operands
from cosim.engines.functional import Functional
from rtl.golden import nm_mask
from rtl.sat.config import SatConfig
from tests.support.mixed import Mixed
from tlm import Program, Timeline, predict, simulate

# Verilator takes seconds to compile each hardware: tests/cosim/engines/test_verilator_engine.py has a few.
HARDWARE = ("myhdl", "icarus", pytest.param("verilator", marks=pytest.mark.nightly))
TINY = SatConfig(name="tiny", rows=2, columns=2, chunk=16, memory_latency=4)
RAGGED = SatConfig(name="ragged", rows=3, columns=2, chunk=16, memory_latency=3, read_bytes_per_cycle=64)
QUICK_TILES = SatConfig(
    name="quick-tiles",
    rows=3,
    columns=3,
    interleave=8,
    chunk=16,
    memory_latency=0,
    read_bytes_per_cycle=1e6,
    write_bytes_per_cycle=1e6,
)
AFTER_RESET = 5000  # time units of the Verilog
LONG = (200, 400, 200)  # simulates for minutes
PATTERNS = ["dense", *(f"{n}:{m}" for m in (4, 8, 16) for n in (1, 2, 4) if n < m)]


def normal(rng, shape) -> np.ndarray:
    return rng.standard_normal(shape).astype(np.float16)


def any_bits(rng, shape) -> np.ndarray:
    """Each of the 65,536 patterns alike: one of 32 is infinite or NaN."""
    return rng.integers(0, 1 << 16, shape, dtype=np.uint16).view(np.float16)


def subnormals(rng, shape) -> np.ndarray:
    """Subnormals of both signs, zeros, and a few of the smallest normals."""
    bits = rng.integers(0, 1 << 11, shape, dtype=np.uint16) | rng.integers(0, 2, shape, dtype=np.uint16) << 15
    bits[rng.random(shape) < 0.1] &= 0x8000
    return bits.view(np.float16)


def large(rng, shape) -> np.ndarray:
    """Magnitudes up to the largest FP16, whose sums leave its range."""
    return (normal(rng, shape).astype(np.float32) * 16384).clip(-65504, 65504).astype(np.float16)


def with_infinities(rng, shape) -> np.ndarray:
    """Normal numbers, one of 20 infinite and one of 20 zero."""
    return _sprinkled(rng, shape, [np.inf, -np.inf, 0.0, -0.0], 0.1)


def with_nan(rng, shape) -> np.ndarray:
    """Normal numbers, and a few NaN of different payloads and signs."""
    return _sprinkled(rng, shape, np.array([0x7E00, 0x7C01, 0xFE55, 0xFFFF], np.uint16).view(np.float16), 0.01)


def _sprinkled(rng, shape, values, share) -> np.ndarray:
    chosen = rng.choice(np.asarray(values, np.float16).view(np.uint16), shape)
    return np.where(rng.random(shape) < share, chosen, normal(rng, shape).view(np.uint16)).view(np.float16)


VALUES = {kind.__name__: kind for kind in (normal, any_bits, subnormals, large, with_infinities, with_nan)}


def operands(m: int, k: int, n: int, seed: int = 1, a: str = "normal", b: str = "normal"):
    """Seeded operands (m, k) and (k, n); a and b name one of VALUES each."""
    rng = np.random.default_rng(seed)
    return VALUES[a](rng, (m, k)), VALUES[b](rng, (k, n))


def bits(c: np.ndarray) -> np.ndarray:
    """The patterns of a result, so that NaN equals NaN and -0 differs from 0."""
    return c.view({2: np.uint16, 4: np.uint32}[c.dtype.itemsize])


def assert_contract(engine: Engine, a, b, sparsity=None, output="fp32", mapping="os") -> GemmResult:
    """Run; every bit must be the functional engine's, and every count of cycles the model's, which saw no value."""
    expected = Functional(engine.config).gemm(a, b, sparsity, output=output, mapping=mapping)
    result = engine.gemm(a, b, sparsity, output=output, mapping=mapping)
    shape = a.shape[0], a.shape[1], b.shape[1]
    return _assert_equal(result, expected, predict(*shape, sparsity, engine.config, output, mapping))


def assert_mixed(engine: Engine, a, b, program: Mixed) -> GemmResult:
    """The same for a program whose dataflow changes from block to block."""
    sparsity = program.gemm.sparsity
    values = Operands(a, np.where(nm_mask(b, sparsity.n, sparsity.m), b, np.float16(0)) if sparsity else b)
    expected = GemmResult(*Functional(engine.config).run(program, values), program)
    result = GemmResult(*engine.run(program, values), program)
    return _assert_equal(result, expected, simulate(program))


def _assert_equal(result: GemmResult, expected: GemmResult, model: Timeline) -> GemmResult:
    report, gemm = result.report, result.program.gemm
    assert result.c.dtype == expected.c.dtype and result.c.shape == (gemm.m, gemm.n)
    assert (bits(result.c) != bits(expected.c)).sum() == 0
    assert (report.cycles, report.busy, report.waiting, report.idle) == (model.cycles, model.busy, model.waiting, 0)
    assert report.tiles == model.tiles and len(report.tiles) == len(model.spans) > 0
    assert report.stores == model.stores and len(report.stores) > 0
    assert report.busy + report.waiting + report.idle == report.cycles == sum(report.tiles)
    return result


def queued(program: Program) -> int:
    """Blocks, or tiles of an update, that are finished while another one is stored: their store follows at once."""
    stores = simulate(program).stores
    cycles = [program.times(tile).store for tile in program.tiles() if tile.last]
    return sum(end - before == store for (before, end), store in zip(pairwise(stores), cycles[1:], strict=True))


def beside(code):
    """Arguments of `changed` that add a statement to the device."""
    return "sat.v", "endmodule", f"{code}\nendmodule"


def children() -> list[int]:
    """Simulators started by this process, ended ones that nobody waited for included."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, rest = stat.read_text().split(" (", 1)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        command, fields = rest.rsplit(") ", 1)
        if int(fields.split()[1]) == os.getpid() and command in ("vvp", "env", "sh"):
            found.append(int(pid))
    return found


def simulators(folder: str) -> list[int]:
    """Living vvp processes, whosever children, of an image below `folder`."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = line.read_bytes().decode(errors="replace").split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if arguments[0].endswith("vvp") and any(one.startswith(folder) for one in arguments):
            found.append(int(line.parent.name))
    return found
