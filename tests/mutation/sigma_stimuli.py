"""What a mutant of SIGMA has to get through: programs of both stationary operands, of all kinds of zeros and values."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from cosim import Operands
from cosim.sigma.scheduling import schedule
from rtl.sigma.config import SigmaConfig
from sat.verify.operands import KINDS
from tests.mutation.stimuli import cancelling, tiny
from tlm import Gemm
from tlm.memory import memory_of

CONFIG = SigmaConfig(
    name="mutation",
    engines=2,
    lanes=16,
    results=5,
    rows=6,
    columns=11,
    memory_latency=3,
    read_bytes_per_cycle=64,
    write_bytes_per_cycle=64,
)
# The same hardware beside other memories: starved of operands, and slow to take results.
STARVED = CONFIG.model_copy(update=dict(memory_latency=40, read_bytes_per_cycle=2))
FAST = CONFIG.model_copy(update=dict(memory_latency=0, read_bytes_per_cycle=1e6, write_bytes_per_cycle=1e6))
CLOGGED = CONFIG.model_copy(update=dict(memory_latency=0, read_bytes_per_cycle=1000, write_bytes_per_cycle=1))
NORMAL, EDGES, SPECIAL, SPECIAL_HALF = KINDS


def stimuli(seed: int) -> Iterator[tuple[Any, Any]]:
    """(program, operands), the cheap and telling ones first."""
    rng = np.random.default_rng(seed)
    yield _gemm(rng, NORMAL, (7, 20, 12), (0.6, 0.8), "mk", infinite=True)
    yield _gemm(rng, NORMAL, (6, 30, 9), (1, 1), "kn")
    yield _gemm(rng, SPECIAL, (13, 33, 25), (0.7, 0.7), "mk")
    yield _gemm(rng, EDGES, (9, 24, 30), (0.9, 0.5), "kn", FAST)
    yield _gemm(rng, SPECIAL_HALF, (9, 17, 13), (0.5, 1), "mk", CLOGGED)
    yield _gemm(rng, SPECIAL, (14, 40, 40), (0.3, 0.4), "kn", CLOGGED)
    yield _gemm(rng, EDGES, (20, 16, 3), (1, 0.3), "mk", STARVED)
    yield _gemm(rng, NORMAL, (18, 64, 33), (0.15, 0.9), "mk", FAST)
    yield _gemm(rng, NORMAL, (5, 9, 23), (0, 1), "mk")
    yield _gemm(rng, NORMAL, (24, 48, 22), (1, 1), "mk", FAST)
    operands = Operands(tiny(rng, (9, 32)), tiny(rng, (32, 12)))
    yield _of(operands)
    yield _of(operands, "fp16")
    yield _of(cancelling(rng))


def _of(operands: Operands, output: str = "fp32") -> tuple[Any, Any]:
    gemm = Gemm(*operands.a.shape, operands.b.shape[1], output=output)
    return schedule(gemm, operands, CONFIG, "mk", memory_of(CONFIG)), operands


def _gemm(
    rng: np.random.Generator,
    kind,
    shape: tuple[int, int, int],
    densities: tuple[float, float],
    mapping: str,
    config: SigmaConfig = CONFIG,
    infinite: bool = False,
) -> tuple[Any, Any]:
    """infinite: the last row, and of the result no other, overflows."""
    sides = kind.draw(rng, *shape)
    for side, density in zip(sides, densities, strict=True):
        side[rng.random(side.shape) >= density] = 0
    if infinite:
        sides[0][-1, 0] = np.inf
    operands = Operands(*sides)
    return schedule(Gemm(*shape, output=kind.output), operands, config, mapping, memory_of(config)), operands
