"""From a layer's stage to its GEMM: the one place that decides shape, sparsity and operands.

The contraction index runs over kernel positions first and channels last, so that an N:M group is M channels at one
kernel position. A linear layer is the 1x1 convolution. Workload and layers both read `Lowering.gemm`, and a layer's
operands must fit it, so what is costed and what is executed cannot drift apart.
"""
from dataclasses import dataclass
from math import prod

import numpy as np
from torch import nn

from rtl.sparsity import Sparsity
from tlm import Gemm
from tlm.feature_map import FeatureMap
from training.im2col import Window, col2im, im2col
from training.methods import STAGES, Scheme
from training.precision import to_fp16


@dataclass(frozen=True)
class Geometry:
    """A convolution of `batch` images (height, width, channels) into `outputs` channels. Raises ValueError if empty."""

    batch: int
    height: int
    width: int
    channels: int
    outputs: int
    window: Window = Window()

    def __post_init__(self):
        if min(self.batch, *self.out) < 1:
            raise ValueError(f"a layer needs at least one image and one output pixel, not {self.batch} and {self.out}")

    @property
    def out(self) -> tuple[int, int]:
        """Height and width of the output."""
        return self.window.output((self.height, self.width))

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(B, H, W, C) of the input."""
        return self.batch, self.height, self.width, self.channels

    def turned(self) -> "Geometry":
        """The output gradient, over which the reversed window moves for the input gradient."""
        return Geometry(self.batch, *self.out, self.outputs, self.channels, self.window.reverse())

    def source(self, window: Window, channels: int, transposed: bool = False) -> FeatureMap | None:
        """The images that an im2col matrix is made of; None where it is the images themselves."""
        if window == Window():
            return None
        return FeatureMap(self.batch, self.height, self.width, channels, window.kernel, window.stride, window.padding,
                          window.dilation, self.out, transposed)

    @property
    def pixels(self) -> int:
        """Output pixels of the batch, B * Ho * Wo."""
        return self.batch * prod(self.out)


def geometry_of(layer: nn.Linear | nn.Conv2d, shape: tuple[int, ...]) -> Geometry:
    """The geometry of a layer on an input: (..., Ci) for Linear, (B, Ci, H, W) or (Ci, H, W) for Conv2d.

    Raises ValueError for an input that does not fit the layer.
    """
    if isinstance(layer, nn.Linear):
        channels, expected = shape[-1], layer.in_features
        geometry = Geometry(prod(shape[:-1]), 1, 1, channels, layer.out_features)
    else:
        if len(shape) not in (3, 4):
            raise ValueError(f"the input of a convolution must have 3 or 4 dimensions, not {tuple(shape)}")
        batch, channels, height, width = (1, *shape)[-4:]
        window = Window(layer.kernel_size, layer.stride, layer.padding, layer.dilation)
        expected = layer.in_channels
        geometry = Geometry(batch, height, width, channels, layer.out_channels, window)
    if channels != expected:
        raise ValueError(f"the layer takes {expected} input channels, not {channels} of an input {tuple(shape)}")
    return geometry


@dataclass(frozen=True)
class Lowering:
    """The GEMMs of one layer on one geometry. Arrays are float16 and channels last; weights are (Kh, Kw, Ci, Co)."""

    layer: str
    scheme: Scheme
    geometry: Geometry

    def gemm(self, stage: str) -> Gemm:
        """Shape, sparsity and output of a stage: 'ff', 'bp' or 'wu'. Raises ValueError for another."""
        if stage not in STAGES:
            raise ValueError(f"stage must be one of {', '.join(STAGES)}, not {stage!r}")
        geometry, window = self.geometry, self.geometry.window
        inputs, outputs, positions = geometry.channels, geometry.outputs, window.positions
        if stage == "wu":
            return Gemm(positions * inputs, geometry.pixels, outputs, None, "fp32", self.layer, stage,
                        geometry.source(window, inputs, transposed=True))
        sparsity = self.scheme.pattern(stage, inputs if stage == "ff" else outputs)
        if stage == "ff":
            k = positions * _depth(inputs, sparsity, positions)
            return Gemm(geometry.pixels, k, outputs, sparsity, "fp16", self.layer, stage,
                        geometry.source(window, inputs))
        if window.reversible:
            k = positions * _depth(outputs, sparsity, positions)
            return Gemm(prod(geometry.shape[:3]), k, inputs, sparsity, "fp16", self.layer, stage,
                        geometry.turned().source(window.reverse(), outputs))
        return Gemm(geometry.pixels, outputs, positions * inputs, sparsity, "fp32", self.layer, stage)

    def ff(self, x: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Operands of the forward pass: x (B, H, W, Ci); the product is y (B * Ho * Wo, Co)."""
        depth = self.gemm("ff").k // self.geometry.window.positions
        return im2col(x, self.geometry.window, depth), _rows(weight, depth)

    def bp(self, dy: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Operands of the input gradient, for dy (B, Ho, Wo, Co); `input_gradient` finishes their product."""
        window = self.geometry.window
        if window.reversible:
            depth = self.gemm("bp").k // window.positions
            flipped = weight[::-1, ::-1].swapaxes(2, 3)                                     # (Kh, Kw, Co, Ci)
            return im2col(dy, window.reverse(), depth), _rows(flipped, depth)
        outputs = self.geometry.outputs
        return dy.reshape(-1, outputs), weight.reshape(-1, outputs).T

    def input_gradient(self, product: np.ndarray) -> np.ndarray:
        """dx (B, H, W, Ci) float16 from the product of `bp`: a strided one is still to be scattered, in FP32."""
        if self.geometry.window.reversible:
            return product.reshape(self.geometry.shape)
        return to_fp16(col2im(product, self.geometry.window, self.geometry.shape))

    def wu(self, x: np.ndarray, dy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Operands of the weight gradient, whose product is (Kh * Kw * Ci, Co)."""
        columns = im2col(x, self.geometry.window, self.geometry.channels)
        return columns.T, dy.reshape(-1, self.geometry.outputs)


def _depth(channels: int, sparsity: Sparsity | None, positions: int) -> int:
    """Elements for each kernel position. Zeros fill up its last group, so that no group straddles two positions."""
    # With one position the GEMM's own last, short group does the same without moving zeros.
    group = sparsity.m if sparsity and positions > 1 else 1
    return -(-channels // group) * group


def _rows(weight: np.ndarray, depth: int) -> np.ndarray:
    """weight (Kh, Kw, C, N) as (Kh * Kw * depth, N), with zeros beyond C."""
    channels, columns = weight.shape[2:]
    rows = np.zeros((*weight.shape[:2], depth, columns), weight.dtype)
    rows[:, :, :channels] = weight
    return rows.reshape(-1, columns)
