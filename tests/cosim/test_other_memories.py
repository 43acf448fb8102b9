"""Another memory than the configuration's: bursts and rows of cells that are opened, as slow as one likes, or ideal.

Model and RTL ask the same object, and agree tile by tile.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cosim
from cosim.check.checker import Checker
from rtl.sigma.config import SigmaConfig
from tests.cosim.programs import RATES
from tests.cosim.support import HARDWARE, TINY, operands
from tests.support import update
from tests.support.memories import BURST, MEMORIES, BurstMemory, IdealMemory
from tests.support.properties import few
from tests.support.sigma import sparse
from tlm import simulate
from tlm.memory import Memory, memory_of

SIGMA = SigmaConfig(name="tiny-sigma", engines=2, lanes=4, results=3, rows=3, columns=8)
SLOW = BurstMemory(buffer_bytes=0, latency=21, burst=4, row=64, miss=30)
SHAPES = st.tuples(st.integers(1, 7), st.integers(1, 40), st.integers(1, 18))


def equal(name, config, memory, run):
    """Run on an engine with that memory: bits are the functional engine's, and cycles the model's, tile by tile."""
    checker = Checker(cosim.engine(name, config, memory=memory))
    result = run(checker)
    (verdict,) = checker.checked
    assert verdict.equal and result.program.memory is memory
    assert result.cycles == simulate(result.program).cycles == sum(result.report.tiles)
    return result


def gemm(shape, sparsity=None, **options):
    return lambda engine: engine.gemm(*operands(*shape), sparsity, **options)


def gemm_on_sigma(shape, density, seed=1, **options):
    rng, (m, k, n) = np.random.default_rng(seed), shape
    a, b = sparse(rng, (m, k), density), sparse(rng, (k, n), density)
    return lambda engine: engine.gemm(a, b, **options)


def updated(shape, sparsity):
    w, v, g = update.triple(np.random.default_rng(3), shape, "normal", RATES)
    return lambda engine: engine.update(w, v, g, RATES, sparsity)


RUNS = {
    "os": (TINY, gemm((5, 37, 19), "2:8", mapping="os", output="fp16")),
    "ws": (TINY, gemm((5, 37, 19), "1:4", mapping="ws")),
    "update": (TINY, updated((24, 9), "2:4")),
    "reduction": (TINY, lambda engine: engine.reduce(np.ones((24, 9), np.float32), "1:8")),
    "mk": (SIGMA, gemm_on_sigma((7, 22, 17), 0.6, mapping="mk")),
    "kn": (SIGMA, gemm_on_sigma((7, 22, 17), 0.6, mapping="kn", output="fp16")),
}


@pytest.mark.parametrize("memory", [BURST, SLOW, IdealMemory()], ids=["bursts", "slow bursts", "ideal"])
@pytest.mark.parametrize("name", RUNS)
def test_every_kind_of_program_takes_the_cycles_of_its_memory(name, memory):
    config, run = RUNS[name]
    result = equal("icarus", config, memory, run)
    usual = run(cosim.engine("functional", config))
    assert result.report.busy == usual.report.busy and result.cycles != usual.cycles and len(result.report.tiles) > 1


@pytest.mark.parametrize(
    "config, run", [(TINY, gemm((3, 18, 5), "2:4", mapping="ws")), (SIGMA, gemm_on_sigma((3, 9, 8), 0.6, mapping="mk"))]
)
def test_in_myhdl_too(config, run):
    equal("myhdl", config, BURST, run)


@few(12)
@given(MEMORIES, SHAPES, st.sampled_from([None, "2:4", "2:8"]), st.sampled_from(["os", "ws"]))
def test_any_memory_and_any_gemm_on_sat(memory, shape, sparsity, mapping):
    equal("icarus", TINY, memory, gemm(shape, sparsity, mapping=mapping))


@few(6)
@given(MEMORIES, st.integers(1, 10), st.integers(1, 10), st.sampled_from([None, "1:4", "2:8"]))
def test_any_memory_and_any_update(memory, k, n, sparsity):
    equal("icarus", TINY, memory, updated((k, n), sparsity))


@few(12)
@given(MEMORIES, SHAPES, st.sampled_from([0.1, 0.5, 1.0]), st.sampled_from(["mk", "kn", None]), st.integers(0, 99))
def test_any_memory_and_any_gemm_on_sigma(memory, shape, density, mapping, seed):
    equal("icarus", SIGMA, memory, gemm_on_sigma(shape, density, seed, mapping=mapping))


@pytest.mark.parametrize("name", ["functional", *HARDWARE])
def test_a_program_of_another_memory_is_refused(name):
    config, run = RUNS["os"]
    program = run(cosim.engine("functional", config, memory=BURST)).program
    with pytest.raises(
        ValueError, match=r"^the program is for another memory: it must be ConstantRates\(.*, not Burst"
    ):
        cosim.engine(name, config).perform(program, *operands(5, 37, 19))
    result = cosim.engine("functional", config, memory=BurstMemory()).perform(program, *operands(5, 37, 19))
    assert result.program is program and result.cycles == simulate(program).cycles  # equal by value


@dataclass
class Changing(Memory):
    """A memory whose latency may change after a program was costed with it."""

    latency: int = 1
    read = write = lambda self, beats, size: self.latency + beats


def test_beside_another_memory_the_same_hardware_runs_programs_of_that():
    engine = cosim.engine("icarus", TINY)
    other = engine.beside(BURST)
    assert (other.image, other.memory, engine.memory) == (engine.image, BURST, memory_of(TINY))
    results = [one.gemm(*operands(3, 19, 5)) for one in (other, cosim.engine("functional", TINY, memory=BURST), engine)]
    assert results[0].report == results[1].report != results[2].report
    with pytest.raises(ValueError, match="^memory must be a tlm.memory.Memory, not 'slow'$"):
        engine.beside("slow")


@pytest.mark.parametrize("name", cosim.ENGINES)
def test_an_engine_takes_a_memory_that_is_one_and_the_configurations_otherwise(name):
    assert cosim.engine(name, TINY).memory == memory_of(TINY) and cosim.engine(name, TINY, memory=BURST).memory is BURST
    for memory, text in (
        (0, "must be a tlm.memory.Memory, not 0"),
        ("fast", "must be a tlm.memory.Memory, not 'fast'"),
        (Changing(), r"must be frozen, and hashable by value, not Changing\(latency=1\)"),
    ):
        with pytest.raises(ValueError, match=f"^memory {text}$"):
            cosim.engine(name, TINY, memory=memory)


@dataclass(frozen=True)
class NumpyMemory(Memory):
    """Answers with NumPy's integers, which wrap around, as one that looks its latencies up in an array does."""

    buffer_bytes: int = 0

    def read(self, beats, size):
        return np.uint8(beats + 100)

    def write(self, beats, size):
        return np.uint8(beats + 3)


def test_numpys_integers_are_numbers_as_others_are():
    equal("icarus", TINY, NumpyMemory(), gemm((5, 20, 9)))
