"""Convolutions of one, two and three dimensions, and transposed ones, as convolutions of images.

One dimension is an image of one row. Of three dimensions the host puts the rows that the kernel meets at each output
pixel, in depth and height, one below the other: over them the kernel moves in steps of its own height. So the sums run
over kernel positions first, in their order, and channels last, as in every convolution.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from training.site import Pair, Site

Sizes = int | Sequence[int]


@dataclass(frozen=True)
class Windows:
    """How a kernel moves over an input: a number for each dimension, and the size of the output.

    uneven  what 'same' pads more at the end than at the beginning, which is padded beforehand
    fits    the input and the weight belong together, and there is an output
    """

    strides: tuple[int, ...]
    paddings: tuple[int, ...]
    dilations: tuple[int, ...]
    uneven: tuple[int, ...]
    out: tuple[int, ...]
    fits: bool


def convolution(
    site: Site,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: str | Sizes = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """torch.conv1d, conv2d and conv3d."""
    spatial = weight.dim() - 2
    if input.dim() == spatial + 1:
        return convolution(site, input[None], weight, bias, stride, padding, dilation, groups)[0]
    if input.dim() != spatial + 2 or (bias is not None and bias.shape != weight.shape[:1]):
        return site.plain(input, weight, bias, stride, padding, dilation, groups)  # which tells what is wrong
    padding = padding if isinstance(padding, str) else _fixed(padding)
    windows = _windows(input.shape, weight.shape, _fixed(stride), padding, _fixed(dilation), groups)
    if not windows.fits:
        return site.plain(input, weight, bias, stride, padding, dilation, groups)
    if any(windows.uneven):
        input = functional.pad(input, [side for more in reversed(windows.uneven) for side in (0, more)])
    strides, paddings, dilations = windows.strides, windows.paddings, windows.dilations
    if spatial == 2:
        return site.convolution(input, weight, bias, strides, paddings, dilations, groups)
    of = site.weight(weight)
    if spatial == 3:
        rows = _rows(input, weight, windows)
        return site.convolution(rows, *_over_rows(weight, windows, bias), groups, of).unflatten(2, windows.out[:2])
    flat = (1, *strides), (0, *paddings), (1, *dilations)
    return site.convolution(input[:, :, None], weight[:, :, None], bias, *flat, groups, of)[:, :, 0]


@lru_cache(maxsize=4096)
def _windows(
    size: torch.Size, kernel: torch.Size, stride: Sizes, padding: str | Sizes, dilation: Sizes, groups: int
) -> Windows:
    spatial = len(kernel) - 2
    strides, dilations = _sizes(stride, spatial), _sizes(dilation, spatial)
    uneven = (0,) * spatial
    if isinstance(padding, str):
        reach = [d * (k - 1) if padding == "same" else 0 for d, k in zip(dilations, kernel[2:], strict=True)]
        paddings, uneven = tuple(total // 2 for total in reach), tuple(total % 2 for total in reach)
    else:
        paddings = _sizes(padding, spatial)
    parts = zip(size[2:], uneven, kernel[2:], strides, paddings, dilations, strict=True)
    out = tuple((length + more + 2 * p - d * (k - 1) - 1) // s + 1 for length, more, k, s, p, d in parts)
    fits = size[1] == kernel[1] * groups and kernel[0] % groups == 0 and min(out) >= 1
    return Windows(strides, paddings, dilations, uneven, out, fits)


def transposed_convolution(
    site: Site,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """torch.conv_transpose1d, conv_transpose2d and conv_transpose3d."""
    spatial = weight.dim() - 2
    strides, paddings, extra, dilations = (
        _sizes(_fixed(sizes), spatial) for sizes in (stride, padding, output_padding, dilation)
    )
    if input.dim() == spatial + 1:
        return transposed_convolution(site, input[None], weight, bias, strides, paddings, extra, groups, dilations)[0]
    if input.dim() != spatial + 2 or (bias is not None and bias.shape != (weight.shape[1] * groups,)):
        return site.plain(input, weight, bias, strides, paddings, extra, groups, dilations)
    sizes = zip(input.shape[2:], weight.shape[2:], strides, paddings, dilations, extra, strict=True)
    out = tuple((size - 1) * s - 2 * p + d * (k - 1) + more + 1 for size, k, s, p, d, more in sizes)
    fits = input.shape[1] == weight.shape[0] and not weight.shape[0] % groups
    # With more of it than a step, rows are added that no input pixel reaches: no convolution's gradient.
    if not fits or min(out) < 1 or any(more >= step for more, step in zip(extra, strides, strict=True)):
        return site.plain(input, weight, bias, strides, paddings, extra, groups, dilations)
    of = site.weight(weight)
    if spatial == 3:
        return _scattered(site, input, weight, bias, Windows(strides, paddings, dilations, (), out, True), groups)
    if spatial == 2:
        return site.convolution(input, weight, bias, strides, paddings, dilations, groups, of, out)
    flat = (1, *strides), (0, *paddings), (1, *dilations)
    return site.convolution(input[:, :, None], weight[:, :, None], bias, *flat, groups, of, (1, *out))[:, :, 0]


def _scattered(site: Site, input: Tensor, weight: Tensor, bias: Tensor | None, windows: Windows, groups: int) -> Tensor:
    """A transposed convolution of three dimensions: its rows are added where they belong, in FP32."""
    (batch, _, *size), out = input.shape, windows.out
    height = size[0] * size[1] * weight.shape[2] * weight.shape[3]
    over = _over_rows(weight, windows, None)
    rows = site.convolution(input.flatten(2, 3), *over, groups, site.weight(weight), (height, out[2]))
    depth, high = (length + 2 * p for length, p in zip(out[:2], windows.paddings[:2], strict=True))
    at_depth, at_height = (
        _places(size[i], weight.shape[2 + i], windows.strides[i], windows.dilations[i]) for i in (0, 1)
    )
    place = (at_depth[:, None, :, None] * high + at_height[None, :, None, :]).flatten().to(rows.device)
    volume = rows.new_zeros(batch, rows.shape[1], depth * high, out[2]).index_add(2, place, rows)
    first, top, _ = windows.paddings
    volume = volume.unflatten(2, (depth, high))[:, :, first : first + out[0], top : top + out[1]]
    return volume if bias is None else volume + bias[:, None, None, None]


def _rows(input: Tensor, weight: Tensor, windows: Windows) -> Tensor:
    """(B, C, D, H, W) as (B, C, Do * Ho * Kd * Kh, W): the rows of each output pixel, one below the other."""
    first, top, _ = windows.paddings
    volume = functional.pad(input, (0, 0, top, top, first, first))
    depth, height = (
        _places(windows.out[i], weight.shape[2 + i], windows.strides[i], windows.dilations[i]) for i in (0, 1)
    )
    return volume[:, :, depth[:, None, :, None], height[None, :, None, :]].flatten(2, 5)


def _over_rows(weight: Tensor, windows: Windows, bias: Tensor | None) -> tuple[Tensor, Tensor | None, Pair, Pair, Pair]:
    """The kernel over such rows, the bias, and the kernel's stride, padding and dilation."""
    kernel = weight.flatten(2, 3)
    return kernel, bias, (kernel.shape[2], windows.strides[2]), (0, windows.paddings[2]), (1, windows.dilations[2])


def _places(count: int, kernel: int, stride: int, dilation: int) -> Tensor:
    """(count, kernel) indices of what a kernel meets along a dimension."""
    return torch.arange(count)[:, None] * stride + torch.arange(kernel) * dilation


def _fixed(sizes: Sizes) -> Sizes:
    """Sizes that can be remembered."""
    return tuple(sizes) if isinstance(sizes, list) else sizes


def _sizes(sizes: Sizes, spatial: int) -> tuple[int, ...]:
    """A size for each dimension, as PyTorch reads it."""
    if isinstance(sizes, int):
        return (sizes,) * spatial
    return tuple(int(size) for size in sizes) * (spatial if len(sizes) == 1 else 1)
