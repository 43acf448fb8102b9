"""The operands of a layer's GEMMs, and the tensors that their products are: arrays of float16, channels last.

Images and pixels are (G, B, H, W, C), one for each of a convolution's G groups, and weights (G, Kh, Kw, Ci, Co) of the
convolution. Where an operand is an im2col matrix, its images are the operand: an engine needs no more.
"""

import numpy as np

from cosim.kernel.kernel import prune
from cosim.kernel.kernel_vectors import col2im
from tlm.feature_map import FeatureMap
from tlm.gemm import Gemm
from tlm.workload.lowering import Lowering
from tlm.workload.methods import SUMMED
from training.precision import to_fp16

OperandPair = tuple[np.ndarray, np.ndarray]


def split(images: np.ndarray, groups: int) -> np.ndarray:
    """(B, H, W, G * C) as (G, B, H, W, C), contiguous."""
    if groups == 1:
        return images[None]
    return np.ascontiguousarray(np.moveaxis(images.reshape(*images.shape[:3], groups, -1), 3, 0))


def joined(images: np.ndarray) -> np.ndarray:
    """(G, B, H, W, C) as (B, H, W, G * C): the inverse of `split`."""
    return images[0] if len(images) == 1 else np.moveaxis(images, 0, 3).reshape(*images.shape[1:4], -1)


def split_weight(weight: np.ndarray, groups: int) -> np.ndarray:
    """(Kh, Kw, Ci, G * Co) as (G, Kh, Kw, Ci, Co)."""
    return weight[None] if groups == 1 else np.moveaxis(weight.reshape(*weight.shape[:3], groups, -1), 3, 0)


def of_stage(lowering: Lowering, stage: str, images: np.ndarray, weight: np.ndarray) -> OperandPair:
    """Of the stage 'ff', whose images are the layer's input, or 'bp', whose are the gradient of its output; `result`
    makes its output, or the gradient of its input, of their product."""
    gemm, weight = lowering.gemm(stage), _masked(lowering, stage, weight)
    if stage == lowering.down:
        b = _rows(weight, gemm)
    elif lowering.geometry.window.reversible:
        b = _rows(weight[:, ::-1, ::-1].swapaxes(3, 4), gemm)  # (G, Kh * Kw * Co, Ci)
    else:
        b = weight.reshape(len(weight), -1, weight.shape[4]).swapaxes(1, 2)
    if lowering.swapped(stage):
        return b.swapaxes(1, 2), images if gemm.source_b else _pixels(images, None).swapaxes(1, 2)
    return _pixels(images, gemm.source), b


def result(lowering: Lowering, stage: str, product: np.ndarray) -> np.ndarray:
    """The images that the product (G, M, N) of a stage's operands is, (G, B, H, W, C) float16: a strided one that goes
    up to the images is scattered here, in FP32."""
    geometry = lowering.geometry
    if lowering.swapped(stage):
        product = product.swapaxes(1, 2)
    if stage == lowering.down:
        return product.reshape(-1, *geometry.out_shape)
    if geometry.window.reversible:
        return product.reshape(-1, *geometry.shape)
    images = [to_fp16(col2im(one, geometry.window, geometry.shape)) for one in product]
    return images[0][None] if len(images) == 1 else np.stack(images)


def weight_gradient(lowering: Lowering, x: np.ndarray, dy: np.ndarray) -> OperandPair:
    """Of the gradient of the weights, for the layer's input and the gradient of its output; the product is
    (G, Kh * Kw * Ci, Co)."""
    images, pixels = (dy, x) if lowering.transposed else (x, dy)
    a = images if lowering.gemm("wu").source else _pixels(images, None).swapaxes(1, 2)
    return a, _pixels(pixels, None)


def _pixels(images: np.ndarray, source: FeatureMap | None) -> np.ndarray:
    """Images of an im2col matrix; without a source the matrix itself, (G, pixels, C)."""
    return images if source else images.reshape(len(images), -1, images.shape[4])


def _masked(lowering: Lowering, stage: str, weight: np.ndarray) -> np.ndarray:
    """The weight as a stage multiplies it, with the zeros that lie along other channels than the GEMM's sums: those
    along the sums are pruned by the engine."""
    sparsity, rule = lowering.scheme.sparsity, lowering.scheme.rule(stage)
    if sparsity is None or rule is None or rule.operand != "weights" or rule.along == SUMMED[stage]:
        return weight
    axis = 3 if (rule.along == "inputs") != lowering.transposed else 4
    return weight if weight.shape[axis] < sparsity.m else prune(weight, sparsity.n, sparsity.m, axis)


def _rows(weight: np.ndarray, gemm: Gemm) -> np.ndarray:
    """weight (G, Kh, Kw, C, N) as (G, k, N): with zeros beyond C at each kernel position."""
    groups, height, width, channels, columns = weight.shape
    depth = gemm.k // (height * width)
    if depth == channels:
        return weight.reshape(groups, gemm.k, columns)
    rows = np.zeros((groups, height, width, depth, columns), weight.dtype)
    rows[:, :, :, :channels] = weight
    return rows.reshape(groups, gemm.k, columns)
