"""Convolutions of one, two and three dimensions, and transposed ones, as convolutions of images.

One dimension is an image of one row. Of three dimensions the host puts the rows that the kernel meets at each output
pixel, in depth and height, one below the other: over them the kernel moves in steps of its own height. So the sums run
over kernel positions first, in their order, and channels last, as in every convolution.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from training.site import Pair, Site

Sizes = int | Sequence[int]


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
    strides, dilations = _sizes(stride, spatial), _sizes(dilation, spatial)
    if input.dim() == spatial + 1:
        return convolution(site, input[None], weight, bias, strides, padding, dilations, groups)[0]
    if isinstance(padding, str):
        input, paddings = _padded(input, weight, padding, dilations)
    else:
        paddings = _sizes(padding, spatial)
    sizes = zip(input.shape[2:], weight.shape[2:], strides, paddings, dilations, strict=True)
    out = [(size + 2 * p - d * (k - 1) - 1) // s + 1 for size, k, s, p, d in sizes]
    if input.dim() != spatial + 2 or input.shape[1] != weight.shape[1] * groups or min(out) < 1:
        return site.plain(input, weight, bias, strides, paddings, dilations, groups)  # which tells what is wrong
    of = site.weight(weight)
    if spatial == 3:
        rows = _rows(input, weight, out, strides, paddings, dilations)
        kernel, windows = _flat_kernel(weight, strides, paddings, dilations)
        return site.convolution(rows, kernel, bias, *windows, groups, of).unflatten(2, out[:2])
    if spatial == 2:
        return site.convolution(input, weight, bias, _pair(strides), _pair(paddings), _pair(dilations), groups, of)
    windows = (1, *strides), (0, *paddings), (1, *dilations)
    return site.convolution(input[:, :, None], weight[:, :, None], bias, *windows, groups, of)[:, :, 0]


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
        _sizes(sizes, spatial) for sizes in (stride, padding, output_padding, dilation)
    )
    if input.dim() == spatial + 1:
        return transposed_convolution(site, input[None], weight, bias, strides, paddings, extra, groups, dilations)[0]
    sizes = zip(input.shape[2:], weight.shape[2:], strides, paddings, dilations, extra, strict=True)
    out = [(size - 1) * s - 2 * p + d * (k - 1) + more + 1 for size, k, s, p, d, more in sizes]
    fits = input.dim() == spatial + 2 and input.shape[1] == weight.shape[0] and min(out) >= 1
    # With more of it than a step, rows are added that no input pixel reaches: no convolution's gradient.
    if not fits or any(more >= step for more, step in zip(extra, strides, strict=True)):
        return site.plain(input, weight, bias, strides, paddings, extra, groups, dilations)
    of = site.weight(weight)
    if spatial == 3:
        return _scattered(site, input, weight, bias, (strides, paddings, dilations), groups, out)
    if spatial == 2:
        windows = _pair(strides), _pair(paddings), _pair(dilations)
        return site.convolution(input, weight, bias, *windows, groups, of, _pair(out))
    windows = (1, *strides), (0, *paddings), (1, *dilations)
    return site.convolution(input[:, :, None], weight[:, :, None], bias, *windows, groups, of, (1, *out))[:, :, 0]


def _scattered(
    site: Site,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    sizes: tuple[list[int], list[int], list[int]],
    groups: int,
    out: list[int],
) -> Tensor:
    """A transposed convolution of three dimensions: its rows are added where they belong, in FP32."""
    (strides, paddings, dilations), (batch, _, *at) = sizes, input.shape
    kernel, windows = _flat_kernel(weight, strides, paddings, dilations)
    height = at[0] * at[1] * kernel.shape[2]
    of = site.weight(weight)
    rows = site.convolution(input.flatten(2, 3), kernel, None, *windows, groups, of, (height, out[2]))
    depth, high = (size + 2 * p for size, p in zip(out[:2], paddings, strict=False))
    place = _places(at[0], weight.shape[2], strides[0], dilations[0])[:, None, :, None] * high
    place = (place + _places(at[1], weight.shape[3], strides[1], dilations[1])[None, :, None, :]).flatten()
    volume = rows.new_zeros(batch, rows.shape[1], depth * high, out[2]).index_add(2, place.to(rows.device), rows)
    volume = volume.unflatten(2, (depth, high))
    volume = volume[:, :, paddings[0] : paddings[0] + out[0], paddings[1] : paddings[1] + out[1]]
    return volume if bias is None else volume + bias[:, None, None, None]


def _rows(
    input: Tensor, weight: Tensor, out: list[int], strides: list[int], paddings: list[int], dilations: list[int]
) -> Tensor:
    """(B, C, D, H, W) as (B, C, Do * Ho * Kd * Kh, W): the rows of each output pixel, one below the other."""
    volume = functional.pad(input, (0, 0, paddings[1], paddings[1], paddings[0], paddings[0]))
    depth = _places(out[0], weight.shape[2], strides[0], dilations[0])[:, None, :, None]
    height = _places(out[1], weight.shape[3], strides[1], dilations[1])[None, :, None, :]
    return volume[:, :, depth, height].flatten(2, 5)


def _places(count: int, kernel: int, stride: int, dilation: int) -> Tensor:
    """(count, kernel) indices of what a kernel meets along a dimension."""
    return torch.arange(count)[:, None] * stride + torch.arange(kernel) * dilation


def _flat_kernel(
    weight: Tensor, strides: list[int], paddings: list[int], dilations: list[int]
) -> tuple[Tensor, tuple[Pair, Pair, Pair]]:
    """The kernel over such rows, with its stride, padding and dilation."""
    kernel = weight.flatten(2, 3)
    return kernel, ((kernel.shape[2], strides[2]), (0, paddings[2]), (1, dilations[2]))


def _padded(input: Tensor, weight: Tensor, words: str, dilations: list[int]) -> tuple[Tensor, list[int]]:
    """The padding that 'same' or 'valid' means, and the input, of which an uneven side is padded here."""
    reach = [d * (k - 1) if words == "same" else 0 for d, k in zip(dilations, weight.shape[2:], strict=True)]
    if any(total % 2 for total in reach):
        input = functional.pad(input, [side for total in reversed(reach) for side in (0, total % 2)])
    return input, [total // 2 for total in reach]


def _sizes(sizes: Sizes, spatial: int) -> list[int]:
    """A size for each dimension, as PyTorch reads it."""
    if isinstance(sizes, int):
        return [sizes] * spatial
    return [int(size) for size in sizes] * (spatial if len(sizes) == 1 else 1)


def _pair(sizes: list[int]) -> Pair:
    high, wide = sizes
    return high, wide
