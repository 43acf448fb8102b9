"""SAT's arithmetic on this processor, by the kernel: products, and weight updates with their copies."""

import numpy as np

from cosim.exchange import Copy, Factors, Operands, Updated, Weights
from cosim.im2col import Im2col
from cosim.kernel.kernel import compact, gemm, prune
from cosim.kernel.kernel_vectors import sgd
from rtl.golden import to_fp16
from tlm.gemm import Gemm
from tlm.sat.program import GemmProgram
from tlm.sat.update_program import UpdateProgram


def products(program: GemmProgram, operands: Operands) -> np.ndarray:
    """c (M, N), float32 or float16, or (count, M, N), of operands of which b need not be pruned."""
    if operands.a.ndim == 2:
        return _product(program.gemm, operands.item(0))
    return np.stack([_product(program.gemm, operands.item(number)) for number in range(program.gemm.count)])


def _product(of: Gemm, factors: Factors) -> np.ndarray:
    a, b, sparsity, output = factors.a, factors.b, of.sparsity, of.output
    if isinstance(b, Im2col):  # the same sums, of the transpose
        images = prune(b.images, sparsity.n, sparsity.m, axis=3) if sparsity else b.images
        return gemm(images, a[:, :].T, output=output, source=b.source).T
    if isinstance(a, Im2col):
        return gemm(a.images, b, sparsity, output=output, source=a.source)
    return gemm(a, b, sparsity, output=output)


def updated(program: UpdateProgram, operands: Weights) -> Updated:
    """The masters, velocities, FP16 weights and copies that the update stores; None for each that it does not."""
    update, w = program.update, operands.weights
    n, m = update.kept_per_group, update.group_size
    v, g, rates = operands.velocities, operands.gradients, operands.rates
    half = forward = backward = None
    if v is not None and g is not None and rates is not None:  # else weights are only reduced
        w, v = sgd(w, v, g, rates)
    w16 = to_fp16(w)
    if update.stores_half:
        half = w16
    if update.forward:
        positions = w16.reshape(-1, update.channels, update.n)
        if update.segment > update.channels:
            positions = np.zeros((len(positions), update.segment, update.n), np.float16)
            positions[:, : update.channels] = w16.reshape(-1, update.channels, update.n)
        forward = Copy(*compact(positions.reshape(-1, update.n), n, m))
    if update.backward:
        backward = Copy(*compact(w16.T, n, m))
    return Updated(w if update.momentum else None, v, half, forward, backward)
