"""The fast engine: bits from the kernel, cycles from the transaction-level model."""
from typing import Any

import numpy as np

from cosim import kernel
from cosim.engine import Engine
from cosim.exchange import Copy, Report, Updated, Weights
from rtl.golden import sgd, to_fp16
from tlm import Program, Update, UpdateProgram, simulate


class Functional(Engine):
    """The arithmetic contract, as fast as the processor can; its cycles are the timeline's."""

    name = "functional"

    def run(self, program: Program | UpdateProgram, operands: Any) -> tuple[Any, Report]:
        if isinstance(program, UpdateProgram):
            return updated(program, operands), predicted(program)
        c = kernel.gemm(operands.a, operands.b, output=program.gemm.output)
        return c, predicted(program, overflow=program.gemm.output == "fp32" and not np.isfinite(c).all())


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
    return Copy(*kernel.compact(w16, update.sparsity.n, update.sparsity.m))


def predicted(program: Program | UpdateProgram, overflow: bool = False) -> Report:
    """The report that the transaction-level model gives, for a result in which there is an overflow or not."""
    timeline = simulate(program)
    return Report(timeline.cycles, timeline.tiles, timeline.stores, timeline.busy, timeline.waiting, overflow=overflow)
