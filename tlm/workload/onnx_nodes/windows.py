"""ONNX's Conv and ConvTranspose as calls, as training/convolutions.py does those of PyTorch.

Where an image is padded more on one side than on the other, the host pads it first by the difference, or cuts it off
from what a transposed convolution makes.
"""

from __future__ import annotations

from dataclasses import dataclass

from tlm.feature_map import HeightWidth
from tlm.workload.layer import Conv
from tlm.workload.onnx_nodes.layers import Calls, layer
from tlm.workload.onnx_nodes.node import Node
from tlm.workload.onnx_nodes.shapes import Shape
from tlm.workload.onnx_nodes.values import Operand
from tlm.workload.window import Window

_SAME = ("SAME_UPPER", "SAME_LOWER")


@dataclass(frozen=True)
class _Windows:
    """How a kernel moves over an image, a number for each dimension; sizes are the image's, padded where uneven."""

    sizes: Shape
    kernel: Shape
    strides: Shape
    paddings: Shape
    dilations: Shape

    @property
    def out(self) -> Shape:
        """The size of the output."""
        parts = zip(self.sizes, self.paddings, self.kernel, self.dilations, self.strides, strict=True)
        return tuple((size + 2 * p - d * (k - 1) - 1) // s + 1 for size, p, k, d, s in parts)

    def over(self, pixels: Shape) -> tuple[int, int, Window]:
        """Height, width and window of the image over which the kernel moves, for so many pixels of a convolution's
        output. One dimension is an image of one row; of three, the rows that the kernel meets lie one below the other.
        """
        if len(self.sizes) < 3:
            height, width = _pair(1, self.sizes)
            sides = (1, self.kernel), (1, self.strides), (0, self.paddings), (1, self.dilations)
            return height, width, Window(*(_pair(fill, numbers) for fill, numbers in sides))
        met, wide = self.kernel[0] * self.kernel[1], self.kernel[2]
        window = Window((met, wide), (met, self.strides[2]), (0, self.paddings[2]), (1, self.dilations[2]))
        return pixels[0] * pixels[1] * met, self.sizes[2], window


def convolution(node: Node) -> Calls:
    """Conv of one, two or three dimensions, with a weight or with a second activation."""
    x, weight = node.operand(0), node.operand(1)
    bias, groups = node.operand(2) if node.has(2) else None, _groups(node)
    spatial = _spatial(x, weight)
    if x.shape[1] != weight.shape[1] * groups:
        raise ValueError(f"input channels must be {weight.shape[1]} in each of {groups} groups, not {x.shape[1]}")
    if not 1 <= spatial <= 3:
        return None
    windows = _forward(node, x.shape[2:], weight.shape[2:])
    if min(windows.out) < 1:
        raise ValueError(f"an output must have pixels: the kernel does not fit on {x.shape[2:]}")
    conv = _conv(node, weight, (x.shape[1], weight.shape[0]), windows.over(windows.out), bias, groups)
    return [layer(conv, x.shape[0], x, weight, bias)]


def transposed(node: Node) -> Calls:
    """ConvTranspose of one, two or three dimensions."""
    x, weight = node.operand(0), node.operand(1)
    bias, groups = node.operand(2) if node.has(2) else None, _groups(node)
    spatial = _spatial(x, weight)
    if x.shape[1] != weight.shape[0]:
        raise ValueError(f"input channels must be {weight.shape[0]}, as the weight has, not {x.shape[1]}")
    if not 1 <= spatial <= 3:
        return None
    windows = _backward(node, x.shape[2:], weight.shape[2:])
    # With more at the end than a step, rows are added that no input pixel reaches: no convolution's gradient.
    if windows.out != x.shape[2:]:
        return None
    bias = None if spatial == 3 else bias  # whose rows the host adds where they belong, with the bias
    channels = weight.shape[1] * groups, weight.shape[0]
    conv = _conv(node, weight, channels, windows.over(x.shape[2:]), bias, groups, transposed=True)
    return [layer(conv, x.shape[0], x, weight, bias)]


def _conv(
    node: Node,
    weight: Operand,
    channels: tuple[int, int],
    image: tuple[int, int, Window],
    bias: Operand | None,
    groups: int,
    transposed: bool = False,
) -> Conv:
    name = node.layer_name(weight.weight.name) if weight.weight else node.product_name()
    height, width, window = image
    sizes = window.kernel, window.stride, window.padding, window.dilation
    return Conv(name, *channels, height, width, *sizes, bias is not None, groups, transposed)


def _pair(fill: int, numbers: Shape) -> HeightWidth:
    """One number or two as (height, width)."""
    return (fill, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])


def _groups(node: Node) -> int:
    groups = node.number("group", 1)
    if groups < 1:
        raise ValueError(f"group must be at least 1, not {groups}")
    return groups


def _spatial(x: Operand, weight: Operand) -> int:
    """Dimensions of an image."""
    if len(x.shape) != len(weight.shape) or len(x.shape) < 2:
        raise ValueError(f"an image and its kernel must have as many dimensions, not {x.shape} and {weight.shape}")
    return len(x.shape) - 2


def _forward(node: Node, size: Shape, kernel: Shape) -> _Windows:
    count, auto = len(size), node.text("auto_pad", "NOTSET")
    strides, dilations = (node.numbers(name, count, 1, 1) for name in ("strides", "dilations"))
    pads = _pads(node, count) if auto in ("NOTSET", "") else [(0, 0)] * count
    if auto in _SAME:
        parts = zip(size, kernel, strides, dilations, strict=True)
        totals = [max(0, (-(-length // s) - 1) * s + d * (k - 1) + 1 - length) for length, k, s, d in parts]
        pads = [(total // 2, total - total // 2) for total in totals]
    even = tuple(max(0, min(pair)) for pair in pads)
    padded = tuple(length + sum(pair) - 2 * p for length, pair, p in zip(size, pads, even, strict=True))
    return _Windows(padded, kernel, strides, even, dilations)


def _backward(node: Node, size: Shape, kernel: Shape) -> _Windows:
    """The windows of the convolution whose input gradient a transposed one is."""
    count, auto = len(size), node.text("auto_pad", "NOTSET")
    strides, dilations = (node.numbers(name, count, 1, 1) for name in ("strides", "dilations"))
    extra, pads = node.numbers("output_padding", count, 0, 0), _pads(node, count)
    parts = zip(size, kernel, strides, dilations, extra, strict=True)
    whole = [(length - 1) * s + d * (k - 1) + 1 + more for length, k, s, d, more in parts]
    if auto == "VALID":
        pads = [(0, 0)] * count
    if auto in _SAME or node.length("output_shape"):
        out = tuple(length * s for length, s in zip(size, strides, strict=True))
        out = node.numbers("output_shape", count, 0, 1)[-count:] if node.length("output_shape") else out
        pads = [(total // 2, total - total // 2) for total in (a - b for a, b in zip(whole, out, strict=True))]
    even = tuple(max(0, min(pair)) for pair in pads)
    made = tuple(length - 2 * p for length, p in zip(whole, even, strict=True))
    return _Windows(made, kernel, strides, even, dilations)


def _pads(node: Node, count: int) -> list[tuple[int, int]]:
    """What is added at the beginning and at the end of each dimension."""
    if not node.length("pads"):
        return [(0, 0)] * count
    pads = node.numbers("pads", 2 * count, 0, -(2**31))
    return list(zip(pads[:count], pads[count:], strict=True))
