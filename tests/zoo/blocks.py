"""What the networks are made of: convolutions with a norm, residuals, inverted residuals, windows' positions."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

Layers = Callable[..., nn.Module]

# In place, as in the originals: whoever keeps a layer's result by a hook meets it overwritten.
RELU, RELU6, SILU, HARDSWISH = (partial(kind, inplace=True) for kind in (nn.ReLU, nn.ReLU6, nn.SiLU, nn.Hardswish))


def conv(
    inputs: int,
    outputs: int,
    kernel: int | tuple[int, ...] = 1,
    stride: int | tuple[int, ...] = 1,
    groups: int = 1,
    *,
    kind: Layers = nn.Conv2d,
    norm: Layers | None = nn.BatchNorm2d,
    act: Layers | None = RELU,
    padding: int | tuple[int, ...] | None = None,
    bias: bool | None = None,
) -> nn.Sequential:
    """A convolution, its norm and its activation; unless told, padded to keep the size, and biased without a norm."""
    if padding is None:
        padding = kernel // 2 if isinstance(kernel, int) else tuple(size // 2 for size in kernel)
    bias = norm is None if bias is None else bias
    layers = [kind(inputs, outputs, kernel, stride, padding, groups=groups, bias=bias)]
    return nn.Sequential(*layers, *([norm(outputs)] if norm else []), *([act()] if act else []))


def mlp(width: int, hidden: int, act: Layers = nn.GELU) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, hidden), act(), nn.Linear(hidden, width))


def stack(block: Layers, inputs: int, outputs: int, depth: int, stride: int) -> nn.Sequential:
    """A stage of blocks of (inputs, outputs, stride): the first one changes the channels and the size."""
    return nn.Sequential(block(inputs, outputs, stride), *(block(outputs, outputs, 1) for _ in range(depth - 1)))


def classifier(features: nn.Module, width: int, classes: int, dropout: float = 0.0) -> nn.Sequential:
    """Features, their mean over the image, and a linear layer."""
    drop = [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), *drop, nn.Linear(width, classes))


def divisible(channels: float, by: int = 8) -> int:
    """The nearest multiple, but at least 0.9 of the channels, as in the MobileNets."""
    near = max(by, int(channels + by / 2) // by * by)
    return near if near >= 0.9 * channels else near + by


class Permute(nn.Module):
    def __init__(self, *order: int):
        super().__init__()
        self.order = order

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(self.order)


class Branches(nn.Module):
    """Side by side on one input, their channels one after the other."""

    def __init__(self, *branches: nn.Module):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], 1)


class SqueezeExcitation(nn.Module):
    """Each channel times a gate, which two convolutions of 1x1 make of all channels' means."""

    def __init__(self, channels: int, squeezed: int, act: Layers = RELU, gate: Layers = nn.Sigmoid):
        super().__init__()
        down, up = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), down, act(), up, gate())

    def forward(self, x: Tensor) -> Tensor:
        return self.gate(x) * x


class StochasticDepth(nn.Module):
    """In training, whole examples become zero at this rate, the others larger by as much."""

    def __init__(self, rate: float):
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not (self.training and self.rate):
            return x
        kept = 1 - self.rate
        return x * x.new_empty(len(x), *[1] * (x.ndim - 1)).bernoulli_(kept).div_(kept)


class Residual(nn.Module):
    """A block's result, and in place, as in the originals, what a shortcut makes of its input."""

    def __init__(
        self, block: nn.Module, shortcut: nn.Module | None = None, *, act: Layers = nn.Identity, drop: float = 0.0
    ):
        super().__init__()
        self.block, self.shortcut, self.act = block, shortcut or nn.Identity(), act()
        self.drop = StochasticDepth(drop)

    def forward(self, x: Tensor) -> Tensor:
        result = self.drop(self.block(x))
        result += self.shortcut(x)
        return self.act(result)


def inverted_residual(
    inputs: int,
    hidden: int,
    outputs: int,
    kernel: int,
    stride: int,
    *,
    act: Layers,
    norm: Layers = nn.BatchNorm2d,
    squeeze: nn.Module | None = None,
    fused: bool = False,
    drop: float = 0.0,
) -> nn.Module:
    """Of MobileNetV2 and its heirs: wide in the middle, where a convolution is depthwise; fused is dense instead."""
    shape, expands = partial(conv, norm=norm), hidden != inputs
    layers: list[nn.Module]
    if fused:
        layers = [shape(inputs, hidden if expands else outputs, kernel, stride, act=act)]
    else:
        layers = [shape(inputs, hidden, act=act)] if expands else []
        layers += [shape(hidden, hidden, kernel, stride, hidden, act=act)]
    layers += [squeeze] if squeeze else []
    layers += [shape(hidden, outputs, act=None)] if expands or not fused else []
    block = nn.Sequential(*layers)
    return Residual(block, drop=drop) if stride == 1 and inputs == outputs else block


def relative_positions(side: int) -> Tensor:
    """For each two places of a square window, (side**2, side**2), the row of the table of relative positions."""
    places = torch.stack(torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")).flatten(1)
    apart = places[:, :, None] - places[:, None, :] + side - 1
    return apart[0] * (2 * side - 1) + apart[1]
