"""One call of a layer on one image, as far as its matrix products depend on it."""

from dataclasses import dataclass
from math import prod

from tlm.feature_map import HeightWidth
from tlm.workload.window import Window


@dataclass(frozen=True)
class Conv:
    """A convolution of one image (height, width, channels); pairs are (height, width).

    A linear layer is one with a 1x1 kernel: height is its rows, the tokens of an image, and width 1.
    bias        whether one is added to the output
    groups      so many convolutions side by side, each of its share of the channels and of the outputs
    transposed  the layer is the input gradient of this convolution: its input has `outputs` channels on `out` pixels,
                and its output `channels` on height x width
    Raises ValueError unless there is at least one channel, one output channel and one output pixel, and groups divide
    both channels.
    """

    name: str
    channels: int
    outputs: int
    height: int
    width: int
    kernel: HeightWidth = (1, 1)
    stride: HeightWidth = (1, 1)
    padding: HeightWidth = (0, 0)
    dilation: HeightWidth = (1, 1)
    bias: bool = False
    groups: int = 1
    transposed: bool = False

    def __post_init__(self):
        if min(self.channels, self.outputs, *self.out) < 1:
            raise ValueError(
                f"layer {self.name}: channels, output channels and output pixels must be at least 1, not "
                f"{self.channels}, {self.outputs} and {self.out}"
            )
        if self.groups < 1 or self.channels % self.groups or self.outputs % self.groups:
            raise ValueError(
                f"layer {self.name}: groups must divide its {self.channels} channels and {self.outputs} output "
                f"channels, not be {self.groups}"
            )

    @property
    def window(self) -> Window:
        """Its kernel, stride, padding and dilation."""
        return Window(self.kernel, self.stride, self.padding, self.dilation)

    @property
    def out(self) -> HeightWidth:
        """Height and width of the output."""
        return self.window.output((self.height, self.width))

    @property
    def macs(self) -> int:
        """Multiply-adds of the forward pass."""
        return prod(self.out) * self.window.positions * self.channels * self.outputs // self.groups


@dataclass(frozen=True)
class Product:
    """Products of two activations, (m, k) x (k, n), `copies` of them for an image: no operand is a weight."""

    name: str
    m: int
    k: int
    n: int
    copies: int = 1

    @property
    def macs(self) -> int:
        """Multiply-adds of the forward pass."""
        return self.copies * self.m * self.k * self.n


Layer = Conv | Product
