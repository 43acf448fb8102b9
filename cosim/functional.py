"""The fast engine: bits from a kernel of the processor, cycles from the transaction-level model."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from cosim import sigma_functional
from cosim.engine import Engine
from cosim.exchange import Copy, Operands, Report, Updated, Weights
from cosim.im2col import Im2col
from cosim.kernel import compact, gemm, prune
from cosim.kernel_vectors import sgd
from cosim.later import Later
from rtl.golden import to_fp16
from rtl.sparsity import Sparsity
from tlm import UpdateProgram, simulate
from tlm.sigma.program import SigmaProgram
from tlm.timeline import AnyProgram

_REPORT = "the model's report"


class Functional(Engine):
    """The arithmetic contract on this processor; its cycles are the timeline's."""

    name = "functional"
    is_reference = True

    @property
    def prunes(self) -> bool:
        """The kernel does, where it skips as SAT does."""
        return self.updates

    def run(self, program: AnyProgram, operands: Any) -> tuple[Any, Report]:
        if isinstance(program, UpdateProgram):
            return updated(program, operands), predicted(program)
        output = program.gemm.output
        if isinstance(program, SigmaProgram):
            c = sigma_functional.products(program, operands)
        else:
            c = products(operands, program.gemm.sparsity, output)
        return c, predicted(program, overflow=output == "fp32" and not np.isfinite(c).all())


def products(operands: Operands, sparsity: Sparsity | None, output: str) -> np.ndarray:
    """c (M, N) of operands, float32 or float16; or (count, M, N)."""
    a, b = operands.a, operands.b
    if len(a.shape) == 3:
        return np.stack([gemm(*one, sparsity, output=output) for one in zip(a, b)])
    if isinstance(b, Im2col):  # the same sums, of the transpose
        images = prune(b.images, sparsity.n, sparsity.m, axis=3) if sparsity else b.images
        return gemm(images, a.T, output=output, source=b.source).T
    if isinstance(a, Im2col):
        return gemm(a.images, b, sparsity, output=output, source=a.source)
    return gemm(a, b, sparsity, output=output)


def updated(program: UpdateProgram, operands: Weights) -> Updated:
    """What an update gives."""
    update, w = program.update, operands.weights
    v = half = forward = backward = None
    if update.momentum:
        w, v = sgd(w, operands.velocities, operands.gradients, operands.rates)
    w16 = to_fp16(w)
    if update.half:
        half = w16
    if update.forward:
        positions = w16.reshape(-1, update.channels, update.n)
        if update.segment > update.channels:
            positions = np.zeros((len(positions), update.segment, update.n), np.float16)
            positions[:, : update.channels] = w16.reshape(-1, update.channels, update.n)
        forward = Copy(*compact(positions.reshape(-1, update.n), update.sparsity.n, update.sparsity.m))
    if update.backward:
        backward = Copy(*compact(w16.T, update.sparsity.n, update.sparsity.m))
    return Updated(w if update.momentum else None, v, half, forward, backward)


def predicted(program: AnyProgram, overflow: bool = False) -> Report:
    """The report that the transaction-level model gives, for a result in which there is an overflow or not."""
    known = vars(program)  # training runs a program again and again: it is not even to be looked up
    if _REPORT not in known:
        # Equal programs of a SIGMA may be for operands with other zeros, which take other cycles.
        known[_REPORT] = (
            _modelled(program)
            if isinstance(program, SigmaProgram)
            else _alike(program, getattr(program.work, "sources", None))
        )
    return replace(known[_REPORT], overflow=True) if overflow else known[_REPORT]


@lru_cache(maxsize=1024)
def _alike(program: AnyProgram, _sources: tuple | None) -> Report:
    """Programs that differ in their sources alone are equal, but take other cycles."""
    return _modelled(program)


def _modelled(program: AnyProgram) -> Report:
    timeline = simulate(program)
    # There may be a million tiles, at which nobody looks.
    tiles, stores = Later(lambda: timeline.tiles), Later(lambda: timeline.stores)
    return Report(timeline.cycles, tiles, stores, timeline.busy, timeline.waiting)
