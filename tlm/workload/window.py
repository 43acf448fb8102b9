"""The window of a convolution: its kernel, and how that moves over an image."""

from collections.abc import Iterator
from dataclasses import dataclass

from tlm.feature_map import HeightWidth


@dataclass(frozen=True)
class Window:
    """Kernel, stride, padding and dilation of a convolution, each (height, width)."""

    kernel: HeightWidth = (1, 1)
    stride: HeightWidth = (1, 1)
    padding: HeightWidth = (0, 0)
    dilation: HeightWidth = (1, 1)

    @property
    def positions(self) -> int:
        """Kernel positions, Kh * Kw."""
        return self.kernel[0] * self.kernel[1]

    @property
    def reach(self) -> HeightWidth:
        """Distance from the first kernel position to the last: dilation * (kernel - 1)."""
        return self.dilation[0] * (self.kernel[0] - 1), self.dilation[1] * (self.kernel[1] - 1)

    @property
    def reversible(self) -> bool:
        """Whether the input gradient is itself a convolution of the output gradient, of stride 1."""
        return self.stride == (1, 1) and all(p <= r for p, r in zip(self.padding, self.reach, strict=True))

    def reverse(self) -> "Window":
        """The window of that convolution, for weights flipped in both directions."""
        high, wide = (reach - padding for padding, reach in zip(self.padding, self.reach, strict=True))
        return Window(self.kernel, (1, 1), (high, wide), self.dilation)

    def output(self, size: HeightWidth) -> HeightWidth:
        """Height and width of the output for an input of `size`; a stride that does not fit is rounded down."""
        height, width = (
            (length + 2 * padding - reach - 1) // stride + 1
            for length, padding, reach, stride in zip(size, self.padding, self.reach, self.stride, strict=True)
        )
        return height, width

    def taps(self, size: HeightWidth) -> Iterator[tuple[slice, slice]]:
        """For each kernel position, ascending: the elements of the padded image that it meets."""
        spans = [
            [slice(i * d, i * d + (out - 1) * s + 1, s) for i in range(k)]
            for k, s, d, out in zip(self.kernel, self.stride, self.dilation, self.output(size), strict=True)
        ]
        return ((rows, columns) for rows in spans[0] for columns in spans[1])
