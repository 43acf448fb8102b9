"""From a layer's stage to its GEMM: the one place that decides shape and sparsity.

The contraction index runs over kernel positions first and channels last, so that an N:M group is M channels at one
kernel position. A linear layer is the 1x1 convolution. Costs and layers both read `Lowering`, and a layer's operands
must fit it, so costs and execution cannot differ.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from math import prod

from rtl.sparsity import Sparsity
from tlm.feature_map import FeatureMap
from tlm.gemm import Gemm
from tlm.update import Update
from tlm.workload.geometry import Geometry
from tlm.workload.layer import Conv, Product
from tlm.workload.methods import STAGES, Scheme

ROWS, COLUMNS, DENSE = "rows", "columns", "dense"  # what a stage reads of weights (Lowering.reading)


def turned(reading: str) -> str:
    """The same of the transpose of the weights."""
    return {ROWS: COLUMNS, COLUMNS: ROWS}.get(reading, reading)


@dataclass(frozen=True)
class Lowering:
    """The GEMMs of one layer on one geometry, by the scheme that holds for the layer: one for each of its groups.

    Two of a layer's three products move weights between the images of the convolution and its output pixels: down to
    the pixels, which is 'ff', and up to the images, 'bp'. In a transposed convolution the two change places, and
    `geometry` is that of the convolution whose input gradient it is.
    """

    layer: str
    scheme: Scheme
    geometry: Geometry
    transposed: bool = False

    @property
    def down(self) -> str:
        """The stage whose product takes the images to the output pixels: the convolution's own sums."""
        return "bp" if self.transposed else "ff"

    @property
    def up(self) -> str:
        """The stage whose product takes the output pixels back to the images."""
        return "ff" if self.transposed else "bp"

    @cached_property
    def patterns(self) -> dict[str, Sparsity | None]:
        """The pattern that each stage's GEMM skips, along the channels that it sums over."""
        return {"wu": None} | {stage: self.scheme.pattern(stage, self._summed(stage)) for stage in ("ff", "bp")}

    def _summed(self, stage: str) -> int:
        """The channels that a stage's GEMM sums over, at each kernel position."""
        return self.geometry.channels if stage == self.down else self.geometry.outputs

    @cached_property
    def gradients_pruned(self) -> bool:
        """Whether 'bp' multiplies pruned gradients. The array skips pruned values of b: then it computes the
        transpose, with the weights as a and the gradients as b."""
        rule = self.scheme.rule("bp")
        return bool(rule and rule.operand == "gradients" and self.patterns["bp"])

    def swapped(self, stage: str) -> bool:
        """Whether a stage's GEMM is the transpose, with the weights as a."""
        return stage == "bp" and self.gradients_pruned

    def gemm(self, stage: str) -> Gemm:
        """Shape, sparsity and output of a stage: 'ff', 'bp' or 'wu'. Raises ValueError for another."""
        if stage not in STAGES:
            raise ValueError(f"stage must be one of {', '.join(STAGES)}, not {stage!r}")
        return self._gemms[stage]

    @cached_property
    def _gemms(self) -> dict[str, Gemm]:
        return {self.down: self._down(), self.up: self._up(), "wu": self._wu()}

    def _down(self) -> Gemm:
        geometry, positions = self.geometry, self.geometry.window.positions
        k = positions * _depth(geometry.channels, self.patterns[self.down], positions)
        return self._gemm(self.down, geometry.pixels, k, geometry.outputs, "fp16", geometry.source())

    def _up(self) -> Gemm:
        geometry, positions = self.geometry, self.geometry.window.positions
        if not geometry.window.reversible:
            return self._gemm(self.up, geometry.pixels, geometry.outputs, positions * geometry.channels, "fp32")
        k = positions * _depth(geometry.outputs, self.patterns[self.up], positions)
        m, source = prod(geometry.shape[:3]), geometry.turned().source()
        return self._gemm(self.up, m, k, geometry.channels, "fp16", source)

    def _wu(self) -> Gemm:
        geometry = self.geometry
        k = geometry.window.positions * geometry.channels
        return self._gemm("wu", k, geometry.pixels, geometry.outputs, "fp32", geometry.source(transposed=True))

    def _gemm(self, stage: str, m: int, k: int, n: int, output: str, source: FeatureMap | None = None) -> Gemm:
        """The GEMM of a stage, or its transpose."""
        a, b = source, None
        if self.swapped(stage):
            m, n, a, b = n, m, b, a
        return Gemm(m, k, n, self.patterns[stage], output, self.layer, stage, a, self.geometry.groups, b)

    def reductions(self) -> list[Update]:
        """The reductions that prune the gradients before 'bp', by N:M copies of the SORE, where the method does."""
        if not self.gradients_pruned:
            return []
        geometry = self.geometry
        pixels, channels = geometry.pixels, geometry.outputs
        if self.transposed:
            pixels, channels = prod(geometry.shape[:3]), geometry.channels
        parts, size = self._parts(channels)
        one = Update(
            pixels,
            size,
            pixels,
            self.scheme.sparsity,
            backward=True,
            momentum=False,
            layer=self.layer,
            stage="reduce",
            half=False,
        )
        return [one] * parts

    def reading(self, stage: str) -> str:
        """What a stage reads of the weights: the compact copy with groups along the ROWS of a kernel position, or along
        its COLUMNS; or all of them, DENSE."""
        if not self.scheme.weights(stage, self._summed(stage)):
            return DENSE
        return ROWS if stage == self.down else COLUMNS

    def copies(self, stage: str) -> list[Update]:
        """The reductions that make the copy of weights that a stage skips zeros of, where no update has made it."""
        reading = self.reading(stage)
        if reading == DENSE:
            return []
        return [replace(one, momentum=False, stage="reduce", half=False) for one in self.updates({reading})]

    def updates(self, readings: Collection[str]) -> list[Update]:
        """The updates of the layer's weights, with what the next step reads of them (`reading`)."""
        geometry, copied = self.geometry, not {ROWS, COLUMNS}.isdisjoint(readings)
        parts, size = self._parts(geometry.outputs) if COLUMNS in readings else (1, geometry.groups * geometry.outputs)
        one = Update(
            geometry.window.positions * geometry.channels,
            size,
            geometry.channels,
            self.scheme.sparsity if copied else None,
            ROWS in readings,
            COLUMNS in readings,
            layer=self.layer,
            half=DENSE in readings,
        )
        return [one] * parts

    def bias_update(self) -> Update:
        """The update of the layer's bias, which is added in FP32."""
        geometry = self.geometry
        outputs = geometry.groups * (geometry.channels if self.transposed else geometry.outputs)
        return Update(1, outputs, 1, layer=f"{self.layer}.bias", half=False)

    def _parts(self, channels: int) -> tuple[int, int]:
        """Into how many parts of which size the channels of all groups are cut, so that no N:M group straddles two
        groups of the convolution: one, unless M does not divide a group's channels."""
        groups = self.geometry.groups
        whole = groups == 1 or self.scheme.sparsity is None or channels % self.scheme.sparsity.m == 0
        return (1, groups * channels) if whole else (groups, channels)


def product_gemms(product: Product, batch: int) -> dict[str, Gemm]:
    """The GEMMs of products without weights, all heads and images: 'ff', and the gradients of both operands."""
    m, k, n = product.m, product.k, product.n

    def gemm(stage: str, m: int, k: int, n: int) -> Gemm:
        return Gemm(m, k, n, None, "fp16", product.name, stage, count=batch * product.copies)

    return {"ff": gemm("ff", m, k, n), "left": gemm("bp", m, n, k), "right": gemm("bp", k, m, n)}


@lru_cache(maxsize=4096)
def lowered(layer: Conv, batch: int, scheme: Scheme) -> Lowering:
    """The lowering of a layer on a batch, by a scheme for all layers."""
    return Lowering(layer.name, scheme.of_layer(layer.name), Geometry.of(layer, batch), layer.transposed)


def _depth(channels: int, sparsity: Sparsity | None, positions: int) -> int:
    """Elements for each kernel position. Zeros fill up its last group, so that no group straddles two positions."""
    # With one position the GEMM's own last, short group does the same without moving zeros.
    group = sparsity.m if sparsity and positions > 1 else 1
    return -(-channels // group) * group
