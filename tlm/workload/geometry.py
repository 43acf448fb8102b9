"""The sizes of a convolution on a batch of images, on which the shapes of its GEMMs depend."""

from dataclasses import dataclass
from functools import cached_property
from math import prod

from tlm.feature_map import FeatureMap
from tlm.workload.layer import Conv
from tlm.workload.window import Window

POINTWISE = Window()  # 1x1: its im2col matrix is the images themselves


@dataclass(frozen=True)
class Geometry:
    """A convolution of `batch` images (height, width, channels) into `outputs` channels; with groups, of each of them.

    Raises ValueError if empty.
    """

    batch: int
    height: int
    width: int
    channels: int
    outputs: int
    window: Window = POINTWISE
    groups: int = 1

    def __post_init__(self):
        if min(self.batch, *self.out) < 1:
            raise ValueError(f"a layer needs at least one image and one output pixel, not {self.batch} and {self.out}")

    @classmethod
    def of(cls, layer: Conv, batch: int) -> "Geometry":
        """The geometry of a layer on a batch of images."""
        groups = layer.groups
        channels, outputs = layer.channels // groups, layer.outputs // groups
        return cls(batch, layer.height, layer.width, channels, outputs, layer.window, groups)

    @cached_property
    def out(self) -> tuple[int, int]:
        """Height and width of the output."""
        return self.window.output((self.height, self.width))

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(B, H, W, C) of the input of a group."""
        return self.batch, self.height, self.width, self.channels

    @property
    def out_shape(self) -> tuple[int, int, int, int]:
        """(B, Ho, Wo, Co) of the output of a group."""
        return self.batch, *self.out, self.outputs

    def turned(self) -> "Geometry":
        """The output gradient, over which the reversed window moves for the input gradient."""
        return Geometry(self.batch, *self.out, self.outputs, self.channels, self.window.reverse(), self.groups)

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
