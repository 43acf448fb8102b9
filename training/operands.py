"""The operands of a layer's GEMMs, and the tensors that their products are: arrays of float16, channels last.

Weights are (Kh, Kw, Ci, Co). Where an operand is an im2col matrix, its images are the operand: an engine needs no more.
"""

import numpy as np

from cosim.kernel.kernel import prune
from cosim.kernel.kernel_vectors import col2im
from tlm.feature_map import FeatureMap
from tlm.workload.lowering import Lowering
from tlm.workload.methods import SUMMED
from training.precision import to_fp16

OperandPair = tuple[np.ndarray, np.ndarray]


def forward(lowering: Lowering, x: np.ndarray, weight: np.ndarray) -> OperandPair:
    """Of the forward pass: x (B, H, W, Ci); the product is y (B * Ho * Wo, Co)."""
    gemm = lowering.gemm("ff")
    return _pixels(x, gemm.source), _rows(_masked(lowering, "ff", weight), gemm.k)


def input_gradient(lowering: Lowering, dy: np.ndarray, weight: np.ndarray) -> OperandPair:
    """Of the gradient of the input, for dy (B, Ho, Wo, Co); `scattered` makes dx of their product."""
    gemm, weight = lowering.gemm("bp"), _masked(lowering, "bp", weight)
    if lowering.geometry.window.reversible:
        b = _rows(weight[::-1, ::-1].swapaxes(2, 3), gemm.k)  # (Kh * Kw * Co, Ci)
    else:
        b = weight.reshape(-1, weight.shape[3]).T
    if lowering.gradients_pruned:
        return b.T, dy if gemm.source_b else dy.reshape(-1, dy.shape[3]).T
    return _pixels(dy, gemm.source), b


def scattered(lowering: Lowering, product: np.ndarray) -> np.ndarray:
    """dx (B, H, W, Ci) float16 from the product of `input_gradient`: a strided one is scattered here, in FP32."""
    geometry = lowering.geometry
    if lowering.gradients_pruned:
        product = product.T
    if geometry.window.reversible:
        return product.reshape(geometry.shape)
    return to_fp16(col2im(product, geometry.window, geometry.shape))


def weight_gradient(lowering: Lowering, x: np.ndarray, dy: np.ndarray) -> OperandPair:
    """Of the gradient of the weights: x (B, H, W, Ci), dy (B, Ho, Wo, Co); the product is (Kh * Kw * Ci, Co)."""
    source = lowering.gemm("wu").source
    return x if source else x.reshape(-1, x.shape[3]).T, dy.reshape(-1, dy.shape[3])


def _pixels(images: np.ndarray, source: FeatureMap | None) -> np.ndarray:
    """Images (B, H, W, C) of an im2col matrix; without a source the matrix itself, with a row for each pixel."""
    return images if source else images.reshape(-1, images.shape[3])


def _masked(lowering: Lowering, stage: str, weight: np.ndarray) -> np.ndarray:
    """The weight as a stage multiplies it, with the zeros that lie along other channels than the GEMM's sums: those
    along the sums are pruned by the engine."""
    sparsity, geometry, rule = lowering.scheme.sparsity, lowering.geometry, lowering.scheme.rule(stage)
    if sparsity is None or rule is None or rule.operand != "weights" or rule.along == SUMMED[stage]:
        return weight
    axis, channels = (2, geometry.channels) if rule.along == "inputs" else (3, geometry.outputs)
    return weight if channels < sparsity.m else prune(weight, sparsity.n, sparsity.m, axis)


def _rows(weight: np.ndarray, k: int) -> np.ndarray:
    """weight (Kh, Kw, C, N) as (k, N): with zeros beyond C at each kernel position."""
    height, width, channels, columns = weight.shape
    depth = k // (height * width)
    if depth == channels:
        return weight.reshape(k, columns)
    rows = np.zeros((height, width, depth, columns), weight.dtype)
    rows[:, :, :channels] = weight
    return rows.reshape(k, columns)
