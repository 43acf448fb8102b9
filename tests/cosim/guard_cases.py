"""Programs for the matrix of guards, each with its right operands, and other hardware that they may be made for."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cosim import Operands, Weights
from cosim.operands import operands_of
from rtl.config import Config
from rtl.golden import gemm, to_fp16
from rtl.sat.config import PRESETS, SystolicConfig
from rtl.sigma.config import PRESETS as SIGMAS
from rtl.sigma.config import SigmaConfig
from rtl.sparsity import Sparsity
from tests.cosim.programs import RATES
from tests.cosim.support import TINY, normal, operands
from tests.support import update
from tests.support.memories import BURST
from tests.support.sigma import sparse
from tlm import Gemm, Memory, Program, Update, schedule, schedule_update
from tlm.feature_map import FeatureMap
from tlm.memory import memory_of
from tlm.sigma.zeros import ExactZeros

SYSTOLIC = SystolicConfig.of(TINY)
SIGMA = SigmaConfig(name="tiny-sigma", engines=2, lanes=4, results=3, rows=3, columns=8, memory_latency=4)
BF16 = SIGMA.model_copy(update=dict(operands="bf16"))
PATTERN = Sparsity(2, 8)
IMAGES = FeatureMap(1, 4, 4, 4, (2, 2), (1, 1), (0, 0), (1, 1), (3, 3))


@dataclass(frozen=True)
class Case:
    """A kind of program, and its right operands.

    config   of the engine
    program  makes it: (configuration, memory)
    """

    config: Config
    program: Callable[[Config, Memory], Program]
    right: Operands | Weights
    runs: bool = True  # False: it can be costed alone

    @cached_property
    def mine(self) -> Program:
        """The program for the engine's own configuration and memory."""
        return self.program(self.config, memory_of(self.config))

    @property
    def known(self) -> np.ndarray | None:
        """The result by the golden model, where that is told by the operands alone: c of SAT's GEMMs."""
        work = self.mine.work
        if isinstance(work, Update) or isinstance(self.config, SigmaConfig):
            return None
        pairs = [self.right.item(item).arrays for item in range(work.count)]
        c = np.stack([gemm(a, b) for a, b in pairs])
        c = c if work.output == "fp32" else to_fp16(c)
        return c if work.count > 1 else c[0]


def on_sat(work: Gemm, a: np.ndarray, b: np.ndarray, mapping: str, config: Config = TINY) -> Case:
    """A GEMM whose program is the same for all operands."""
    return Case(config, lambda config, memory: schedule(work, config, mapping, memory=memory), operands_of(work, a, b))


def on_sigma(work: Gemm, a: np.ndarray, b: np.ndarray, mapping: str, config: SigmaConfig = SIGMA) -> Case:
    """A GEMM whose program is made for these operands' zeros."""
    right = operands_of(work, a, b, form=config.operands)
    sides = right.arrays if mapping == "mk" else tuple(side.swapaxes(-1, -2) for side in right.arrays[::-1])
    zeros = ExactZeros.of(*sides)
    return Case(config, lambda config, memory: schedule(work, config, mapping, zeros=zeros, memory=memory), right)


def an_update(work: Update) -> Case:
    w, v, g = update.triple(np.random.default_rng(5), (work.k, work.n), "normal", RATES)
    right = Weights(w, v, g, RATES) if work.momentum else Weights(w)
    return Case(TINY, lambda config, memory: schedule_update(work, config, memory), right)


def with_zeros(m: int, k: int, n: int, form: str = "fp16", count: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng, front = np.random.default_rng(6), (count,) if count > 1 else ()
    return sparse(rng, (*front, m, k), 0.6, form), sparse(rng, (*front, k, n), 0.6, form)


RNG = np.random.default_rng(7)
PIXELS = normal(RNG, (1, 4, 4, 4))
CASES = {
    "os": on_sat(Gemm(3, 20, 9), *operands(3, 20, 9), "os"),
    "ws, pruned": on_sat(Gemm(3, 20, 9, PATTERN, "fp16"), *operands(3, 20, 9), "ws"),
    "several products": on_sat(Gemm(2, 12, 5, count=2), normal(RNG, (2, 2, 12)), normal(RNG, (2, 12, 5)), "ws"),
    "images": on_sat(Gemm(9, 16, 5, source=IMAGES), PIXELS, normal(RNG, (16, 5)), "os"),
    "pruned images": on_sat(Gemm(3, 32, 9, PATTERN, source_b=IMAGES), normal(RNG, (3, 32)), PIXELS, "os"),
    "systolic": on_sat(Gemm(3, 20, 9), *operands(3, 20, 9), "os", SYSTOLIC),
    "mk": on_sigma(Gemm(5, 12, 9), *with_zeros(5, 12, 9), "mk"),
    "kn, pruned": on_sigma(Gemm(5, 12, 9, PATTERN, "fp16"), *with_zeros(5, 12, 9), "kn"),
    "several on sigma": on_sigma(Gemm(2, 6, 5, count=2), *with_zeros(2, 6, 5, count=2), "kn"),
    "bf16": on_sigma(Gemm(5, 12, 9), *with_zeros(5, 12, 9, "bf16"), "mk", BF16),
    "images on sigma": on_sigma(Gemm(9, 16, 5, source=IMAGES), PIXELS, normal(RNG, (16, 5)), "mk"),
    "densities": Case(
        SIGMA,
        lambda config, memory: schedule(Gemm(5, 12, 9), config, "mk", memory=memory),
        Operands(*with_zeros(5, 12, 9)),
        runs=False,
    ),
    "update": an_update(Update(8, 5, 8, Sparsity(2, 4), True, True)),
    "reduction": an_update(Update(8, 5, 8, Sparsity(2, 4), True, False, momentum=False)),
}

OTHER_FIELDS = {
    "sat": dict(rows=3, columns=3, interleave=5, largest_m=8, chunk=32, update_lanes=4),
    "systolic": dict(rows=3, columns=3, interleave=5, chunk=32, update_lanes=1),
    "sigma": dict(engines=3, lanes=8, results=4, rows=4, columns=9),
}
OTHER_PRESETS = {"sat": PRESETS["medium"], "systolic": SystolicConfig.of(PRESETS["medium"]), "sigma": SIGMAS["medium"]}


def made_for(config: Config) -> dict[str, tuple[Config, Memory, bool]]:
    """By their names configurations and memories that a program may be for, and whether it fits the engine's."""
    own = memory_of(config)
    renamed = config.model_copy(update=dict(name="other", clock_mhz=1.0))
    slower = config.model_copy(update=dict(memory_latency=77))
    found = {
        "this": (config, own, True),
        "this under another name": (renamed, own, True),
        "another memory": (config, BURST, False),
        "this with a slower memory": (slower, memory_of(slower), False),
        "another preset": (other := OTHER_PRESETS[config.accelerator], memory_of(other), False),
    }
    for name, value in OTHER_FIELDS[config.accelerator].items():
        found[f"another {name}"] = config.model_copy(update={name: value}), own, False
    if config is TINY:
        found["a systolic array"] = SYSTOLIC, own, False
    if config is SYSTOLIC:
        found["SAT"] = SYSTOLIC.model_copy(), own, True
        found["SAT of its size"] = TINY, own, False
    return found
