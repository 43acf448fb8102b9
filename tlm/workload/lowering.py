"""From a layer's stage to its GEMM: the one place that decides shape and sparsity.

The contraction index runs over kernel positions first and channels last, so that an N:M group is M channels at one
kernel position. A linear layer is the 1x1 convolution. Costs and layers both read `Lowering`, and a layer's operands
must fit it, so costs and execution cannot differ.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import prod

from rtl.sparsity import Sparsity
from tlm.feature_map import FeatureMap
from tlm.gemm import Gemm
from tlm.update import Update
from tlm.workload.layer import Conv, Product
from tlm.workload.methods import STAGES, Scheme
from tlm.workload.window import Window

POINTWISE = Window()  # 1x1: its im2col matrix is the images themselves


@dataclass(frozen=True)
class Geometry:
    """A convolution of `batch` images (height, width, channels) into `outputs` channels. Raises ValueError if empty."""

    batch: int
    height: int
    width: int
    channels: int
    outputs: int
    window: Window = POINTWISE

    def __post_init__(self):
        if min(self.batch, *self.out) < 1:
            raise ValueError(f"a layer needs at least one image and one output pixel, not {self.batch} and {self.out}")

    @classmethod
    def of(cls, layer: Conv, batch: int) -> "Geometry":
        """The geometry of a layer on a batch of images."""
        return cls(batch, layer.height, layer.width, layer.channels, layer.outputs, layer.window)

    @cached_property
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

    def source(self, transposed: bool = False) -> FeatureMap | None:
        """The images that an im2col matrix is made of; None where it is the images themselves."""
        window = self.window
        if window == POINTWISE:
            return None
        return FeatureMap(
            self.batch,
            self.height,
            self.width,
            self.channels,
            window.kernel,
            window.stride,
            window.padding,
            window.dilation,
            self.out,
            transposed,
        )

    @property
    def pixels(self) -> int:
        """Output pixels of the batch, B * Ho * Wo."""
        return self.batch * prod(self.out)


@dataclass(frozen=True)
class Lowering:
    """The GEMMs of one layer on one geometry, by the scheme that holds for the layer."""

    layer: str
    scheme: Scheme
    geometry: Geometry

    @cached_property
    def gradients_pruned(self) -> bool:
        """Whether 'bp' multiplies pruned gradients. The array skips pruned values of b: then it computes the
        transpose, with the weights as a and the gradients as b."""
        rule = self.scheme.rule("bp")
        return bool(rule and rule.operand == "gradients" and self.scheme.pattern("bp", self.geometry.outputs))

    def gemm(self, stage: str) -> Gemm:
        """Shape, sparsity and output of a stage: 'ff', 'bp' or 'wu'. Raises ValueError for another."""
        if stage not in STAGES:
            raise ValueError(f"stage must be one of {', '.join(STAGES)}, not {stage!r}")
        return self._gemms[stage]

    @cached_property
    def _gemms(self) -> dict[str, Gemm]:
        return {"ff": self._ff(), "bp": self._bp(), "wu": self._wu()}

    def _ff(self) -> Gemm:
        geometry, positions = self.geometry, self.geometry.window.positions
        sparsity = self.scheme.pattern("ff", geometry.channels)
        k = positions * _depth(geometry.channels, sparsity, positions)
        return Gemm(geometry.pixels, k, geometry.outputs, sparsity, "fp16", self.layer, "ff", geometry.source())

    def _bp(self) -> Gemm:
        geometry, positions = self.geometry, self.geometry.window.positions
        inputs, outputs = geometry.channels, geometry.outputs
        sparsity, swap = self.scheme.pattern("bp", outputs), self.gradients_pruned
        if not geometry.window.reversible:
            m, n = geometry.pixels, positions * inputs
            return Gemm(n if swap else m, outputs, m if swap else n, sparsity, "fp32", self.layer, "bp")
        m, k = prod(geometry.shape[:3]), positions * _depth(outputs, sparsity, positions)
        source = geometry.turned().source()
        if swap:
            return Gemm(inputs, k, m, sparsity, "fp16", self.layer, "bp", source_b=source)
        return Gemm(m, k, inputs, sparsity, "fp16", self.layer, "bp", source)

    def _wu(self) -> Gemm:
        geometry = self.geometry
        return Gemm(
            geometry.window.positions * geometry.channels,
            geometry.pixels,
            geometry.outputs,
            None,
            "fp32",
            self.layer,
            "wu",
            geometry.source(transposed=True),
        )

    def reduction(self) -> Update | None:
        """The reduction that prunes the gradients before 'bp', by an N:M copy of the SORE, where the method does."""
        pixels, outputs = self.geometry.pixels, self.geometry.outputs
        if not self.gradients_pruned:
            return None
        return Update(
            pixels,
            outputs,
            pixels,
            self.scheme.sparsity,
            backward=True,
            momentum=False,
            layer=self.layer,
            stage="reduce",
            half=False,
        )

    def update(self, stages: Collection[str]) -> Update:
        """The update of the layer's weights, with the copies that these stages of the next step read."""
        geometry, bp = self.geometry, "bp" in stages
        forward = self.scheme.weights("ff", geometry.channels)
        backward = self.scheme.weights("bp", geometry.outputs) if bp else None
        return Update(
            geometry.window.positions * geometry.channels,
            geometry.outputs,
            geometry.channels,
            forward or backward,
            bool(forward),
            bool(backward),
            layer=self.layer,
            half=not forward or (bp and not backward),
        )

    def bias_update(self) -> Update:
        """The update of the layer's bias, which is added in FP32."""
        return Update(1, self.geometry.outputs, 1, layer=f"{self.layer}.bias", half=False)


def product_gemms(product: Product, batch: int) -> dict[str, Gemm]:
    """The GEMMs of products without weights, all heads and images: 'ff', and the gradients of both operands."""
    m, k, n = product.m, product.k, product.n

    def gemm(stage: str, m: int, k: int, n: int) -> Gemm:
        return Gemm(m, k, n, None, "fp16", product.name, stage, count=batch * product.copies)

    return {"ff": gemm("ff", m, k, n), "left": gemm("bp", m, n, k), "right": gemm("bp", k, m, n)}


@lru_cache(maxsize=4096)
def lowered(layer: Conv, batch: int, scheme: Scheme) -> Lowering:
    """The lowering of a layer on a batch, by a scheme for all layers."""
    return Lowering(layer.name, scheme.of_layer(layer.name), Geometry.of(layer, batch))


def _depth(channels: int, sparsity: Sparsity | None, positions: int) -> int:
    """Elements for each kernel position. Zeros fill up its last group, so that no group straddles two positions."""
    # With one position the GEMM's own last, short group does the same without moving zeros.
    group = sparsity.m if sparsity and positions > 1 else 1
    return -(-channels // group) * group
