"""Convolution windows: images to matrix rows (im2col), and back with addition (col2im). Channels last throughout."""
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

Pair = tuple[int, int]


@dataclass(frozen=True)
class Window:
    """How a kernel moves over an image; each field is (height, width)."""

    kernel: Pair = (1, 1)
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)

    @property
    def positions(self) -> int:
        """Kernel positions, Kh * Kw."""
        return self.kernel[0] * self.kernel[1]

    @property
    def reach(self) -> Pair:
        """Distance from the first kernel position to the last: dilation * (kernel - 1)."""
        return self.dilation[0] * (self.kernel[0] - 1), self.dilation[1] * (self.kernel[1] - 1)

    @property
    def reversible(self) -> bool:
        """Whether the input gradient is itself a convolution of the output gradient, of stride 1."""
        return self.stride == (1, 1) and all(p <= r for p, r in zip(self.padding, self.reach))

    def reverse(self) -> "Window":
        """The window of that convolution, for weights flipped in both directions."""
        return Window(self.kernel, (1, 1), tuple(r - p for p, r in zip(self.padding, self.reach)), self.dilation)

    def output(self, size: Pair) -> Pair:
        """Height and width of the output for an input of `size`."""
        return tuple((length + 2 * p - r - 1) // s + 1
                     for length, p, r, s in zip(size, self.padding, self.reach, self.stride))

    def taps(self, size: Pair) -> Iterator[tuple[slice, slice]]:
        """For each kernel position, ascending: the elements of the padded image that it meets."""
        spans = [[slice(i * d, i * d + (out - 1) * s + 1, s) for i in range(k)]
                 for k, s, d, out in zip(self.kernel, self.stride, self.dilation, self.output(size))]
        return ((rows, columns) for rows in spans[0] for columns in spans[1])

    def pad(self, images: np.ndarray) -> np.ndarray:
        """images (B, H, W, C) with zeros around."""
        (top, left), (_, height, width, _) = self.padding, images.shape
        padded = np.zeros(_padded_shape(images.shape, self.padding), images.dtype)
        padded[:, top:top + height, left:left + width] = images
        return padded


def im2col(images: np.ndarray, window: Window, depth: int) -> np.ndarray:
    """What the kernel meets at each output pixel.

    images   (B, H, W, C)
    depth    elements for each kernel position, at least C; those beyond C are zeros
    Returns  (B * Ho * Wo, Kh * Kw * depth), same dtype: kernel positions first, channels last
    """
    batch, *size, channels = images.shape
    out, padded = window.output(size), window.pad(images)
    columns = np.zeros((batch, *out, window.positions, depth), images.dtype)
    for position, (rows, cols) in enumerate(window.taps(size)):
        columns[..., position, :channels] = padded[:, rows, cols]
    return columns.reshape(batch * out[0] * out[1], -1)


def col2im(columns: np.ndarray, window: Window, shape: tuple[int, int, int, int]) -> np.ndarray:
    """The transpose of im2col: every element is added to the input pixel that it came from.

    columns  (B * Ho * Wo, Kh * Kw * C) float32
    shape    (B, H, W, C) of the result, float32; additions run in ascending kernel position, one rounding each
    """
    batch, height, width, channels = shape
    columns = columns.reshape(batch, *window.output((height, width)), window.positions, channels)
    padded = np.zeros(_padded_shape(shape, window.padding), np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        for position, (rows, cols) in enumerate(window.taps((height, width))):
            padded[:, rows, cols] += columns[..., position, :]
    top, left = window.padding
    return padded[:, top:top + height, left:left + width]


def _padded_shape(shape: tuple[int, ...], padding: Pair) -> tuple[int, ...]:
    batch, height, width, channels = shape
    return batch, height + 2 * padding[0], width + 2 * padding[1], channels
