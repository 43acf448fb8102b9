"""The fast engine: bits from NumPy, cycles from the transaction-level model."""
from typing import Any

import numpy as np

from cosim.engine import Engine
from cosim.exchange import Copy, Report, Updated, Weights
from rtl.golden import gemm, nm_compact, sgd, to_fp16
from tlm import Program, Update, UpdateProgram, simulate


class Functional(Engine):
    """The arithmetic contract in NumPy; its cycles are the timeline's."""

    name = "functional"

    def run(self, program: Program | UpdateProgram, operands: Any) -> tuple[Any, Report]:
        if isinstance(program, UpdateProgram):
            return updated(program, operands), predicted(program)
        c = gemm(operands.a, operands.b)
        if program.gemm.output == "fp16":
            return to_fp16(c), predicted(program)
        return c, predicted(program, overflow=not np.isfinite(c).all())


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
        positions = np.zeros((update.k // update.channels, update.segment, update.n), np.float16)
        positions[:, :update.channels] = w16.reshape(-1, update.channels, update.n)
        forward = _copy(positions.reshape(-1, update.n), update)
    if update.backward:
        backward = _copy(w16.T, update)
    return Updated(w if update.momentum else None, v, half, forward, backward)


def _copy(w16: np.ndarray, update: Update) -> Copy:
    values, indices = nm_compact(w16, update.sparsity.n, update.sparsity.m)
    return Copy(values, indices.astype(np.uint8))


def predicted(program: Program | UpdateProgram, overflow: bool = False) -> Report:
    """The report that the transaction-level model gives, for a result in which there is an overflow or not."""
    timeline = simulate(program)
    return Report(timeline.cycles, timeline.tiles, timeline.stores, timeline.busy, timeline.waiting, overflow=overflow)
