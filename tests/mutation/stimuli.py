"""What a mutant has to get through: programs in both dataflows, of all kinds of values, and weight updates."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from cosim import Operands, Weights
from rtl.golden import Rates, nm_mask
from rtl.sat.config import SatConfig
from rtl.sparsity import Sparsity
from sat.verify.operands import KINDS
from tlm import Gemm, Update, schedule, schedule_update

CONFIG = SatConfig(
    name="mutation",
    rows=3,
    columns=2,
    interleave=3,
    chunk=32,
    largest_m=16,
    update_lanes=4,
    memory_latency=3,
    read_bytes_per_cycle=64,
    write_bytes_per_cycle=64,
)
# The same hardware beside other memories: starved of operands, and slow to take results.
STARVED = CONFIG.model_copy(update=dict(memory_latency=40, read_bytes_per_cycle=2))
FAST = CONFIG.model_copy(update=dict(memory_latency=0, read_bytes_per_cycle=1e6, write_bytes_per_cycle=1e6))
CLOGGED = CONFIG.model_copy(update=dict(memory_latency=0, read_bytes_per_cycle=1000, write_bytes_per_cycle=1))
RATES = Rates(0.05, 0.9, 5e-4, 1024.0)
MAGNITUDES = (-147, -145, -143, -139, -135, -131, -127, -60, -20, 0, 0, 0, 2, 8, 60)  # of an update, powers of two
SHORT_RATES = Rates(0.75, -0.625, 0.375, 3.0)  # products end with zeros
NORMAL, EDGES, SPECIAL, SPECIAL_HALF = KINDS


def stimuli(seed: int) -> Iterator[tuple[Any, Any]]:
    """(program, operands), the cheap and telling ones first."""
    rng = np.random.default_rng(seed)
    yield _gemm(rng, NORMAL, (5, 40, 10), "2:8", "os")
    yield _gemm(rng, NORMAL, (5, 40, 10), "2:8", "ws")
    yield _infinite_column(rng, 12, 0)
    yield _update(rng, Update(40, 20, 20, Sparsity(2, 8), True, True))
    yield _infinite_column(rng, 11, 7)  # of a tile whose last slot has a column fewer
    yield _infinite_column(rng, 11, 10)  # which is that one
    yield _gemm(rng, SPECIAL, (7, 70, 9), "dense", "os")
    yield _gemm(rng, SPECIAL, (9, 30, 17), "dense", "ws")
    yield _gemm(rng, EDGES, (7, 33, 16), "4:16", "os")
    yield _gemm(rng, EDGES, (7, 50, 16), "1:4", "ws", CLOGGED)
    yield _update(rng, Update(32, 18, 16, Sparsity(4, 16), True, True), CLOGGED)
    yield _update(rng, Update(24, 16, 24, Sparsity(1, 4), True, False))
    yield _update(rng, Update(37, 9, 37, Sparsity(2, 4), False, True, momentum=False), STARVED)
    yield _update(rng, Update(40, 3, 40))
    yield _gemm(rng, SPECIAL_HALF, (10, 64, 20), "2:16", "ws", STARVED)
    yield _gemm(rng, SPECIAL, (13, 100, 24), "4:8", "os", CLOGGED)
    yield _gemm(rng, SPECIAL, (40, 64, 20), "2:4", "ws", CLOGGED)
    yield _gemm(rng, SPECIAL, (12, 64, 40), "1:16", "os", STARVED)
    yield _gemm(rng, NORMAL, (40, 96, 12), "2:8", "ws", FAST)
    yield _gemm(rng, EDGES, (23, 96, 12), "dense", "ws", FAST)
    yield _subnormal(rng, (9, 60, 18))
    yield schedule(Gemm(9, 32, 12), CONFIG), Operands(tiny(rng, (9, 32)), tiny(rng, (32, 12)))
    yield _update(rng, Update(64, 16, 64, Sparsity(2, 16), True, True), rates=SHORT_RATES)
    yield schedule(Gemm(6, 3, 25), CONFIG), cancelling(rng)
    yield _update(rng, Update(16, 9, 16), magnitudes=(-95,))


def _gemm(
    rng: np.random.Generator, kind, shape: tuple[int, int, int], sparsity: str, mapping: str, config: SatConfig = CONFIG
) -> tuple[Any, Any]:
    gemm = Gemm(*shape, Sparsity.parse(sparsity), kind.output)
    a, b = kind.draw(rng, *shape)
    a[-1] = 0  # sums that stay zero
    if gemm.sparsity:
        b = np.where(nm_mask(b, gemm.sparsity.n, gemm.sparsity.m), b, np.float16(0))
    return schedule(gemm, config, mapping), Operands(a, b)


def _infinite_column(rng: np.random.Generator, n: int, column: int) -> tuple[Any, Any]:
    """Of the result one column alone overflows; and blocks are finished while another one drains."""
    program, operands = _gemm(rng, NORMAL, (12, 4, n), "1:4", "os", FAST)
    operands.b[:, column] = np.inf, 0, 0, 0
    return program, operands


def _subnormal(rng: np.random.Generator, shape: tuple[int, int, int]) -> tuple[Any, Any]:
    """In every other place of k subnormal activations on large weights, else subnormal weights on large activations."""
    m, k, n = shape
    a, b = (_large(rng, size) for size in ((m, k), (k, n)))
    a[:, ::2], b[1::2] = tiny(rng, a[:, ::2].shape), tiny(rng, b[1::2].shape)
    return schedule(Gemm(*shape), CONFIG), Operands(a, b)


def _large(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return (rng.standard_normal(shape) * 2.0 ** rng.integers(0, 13, shape)).astype(np.float16)


def tiny(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Subnormals of every length, and both signs."""
    magnitudes = rng.integers(0, 1 << rng.integers(1, 11, shape))
    return (magnitudes | rng.integers(0, 2, shape) << 15).astype(np.uint16).view(np.float16)


def cancelling(rng: np.random.Generator) -> Operands:
    """Operands of sums x + x / 2^j - x, j from 1 to 25, (6, 25): one halfway, and all losses of places."""
    x = np.concatenate([[1], rng.standard_normal(5)])
    a, b = np.stack([x, x / 2, x], 1), np.stack([np.ones(25), 0.5 ** np.arange(25), -np.ones(25)])
    return Operands(a.astype(np.float16), b.astype(np.float16))


def _update(
    rng: np.random.Generator,
    update: Update,
    config: SatConfig = CONFIG,
    rates: Rates = RATES,
    magnitudes: tuple[int, ...] = MAGNITUDES,
) -> tuple[Any, Any]:
    """Weights of many magnitudes, ties among them, subnormals, and a few infinities and NaN."""
    scale = 2.0 ** rng.choice(magnitudes, (update.k, update.n))  # the same of the three in half of the places
    scales = (
        np.where(rng.random(scale.shape) < 0.5, scale, 2.0 ** rng.choice(magnitudes, scale.shape)) for _ in range(3)
    )
    w, v, g = ((rng.standard_normal(scale.shape) * one).astype(np.float32) for one in scales)
    w[::3] = np.round(w[::3])
    w.flat[::17] = np.array([np.inf, np.nan, -np.inf, 0.0], np.float32)[rng.integers(0, 4, w.flat[::17].size)]
    given = Weights(w, v, g, rates) if update.momentum else Weights(w)
    return schedule_update(update, config), given
