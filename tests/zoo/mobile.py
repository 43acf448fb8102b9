"""For small devices, of inverted residuals: MobileNet 2 and 3, MNASNet, EfficientNet 1 and 2, and ShuffleNet 2."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from tests.zoo.blocks import (
    HARDSWISH,
    RELU,
    RELU6,
    SILU,
    Layers,
    SqueezeExcitation,
    classifier,
    conv,
    divisible,
    inverted_residual,
    stack,
)

Rows = Sequence[tuple]  # of a table of blocks or stages, as the papers have them

# Expansion, kernel, output channels, depth, stride.
MOBILENET_V2 = [
    (1, 3, 16, 1, 1),
    (6, 3, 24, 2, 2),
    (6, 3, 32, 3, 2),
    (6, 3, 64, 4, 2),
    (6, 3, 96, 3, 1),
    (6, 3, 160, 3, 2),
    (6, 3, 320, 1, 1),
]
MNASNET = [(3, 3, 24, 3, 2), (3, 5, 40, 3, 2), (6, 5, 80, 3, 2), (6, 3, 96, 2, 1), (6, 5, 192, 4, 2), (6, 3, 320, 1, 1)]

# Kernel, hidden channels, output channels, squeeze and excitation, activation, stride.
MOBILENET_V3_SMALL = [
    (3, 16, 16, True, RELU, 2),
    (3, 72, 24, False, RELU, 2),
    (3, 88, 24, False, RELU, 1),
    (5, 96, 40, True, HARDSWISH, 2),
    (5, 240, 40, True, HARDSWISH, 1),
    (5, 240, 40, True, HARDSWISH, 1),
    (5, 120, 48, True, HARDSWISH, 1),
    (5, 144, 48, True, HARDSWISH, 1),
    (5, 288, 96, True, HARDSWISH, 2),
    (5, 576, 96, True, HARDSWISH, 1),
    (5, 576, 96, True, HARDSWISH, 1),
]
MOBILENET_V3_LARGE = [
    (3, 16, 16, False, RELU, 1),
    (3, 64, 24, False, RELU, 2),
    (3, 72, 24, False, RELU, 1),
    (5, 72, 40, True, RELU, 2),
    (5, 120, 40, True, RELU, 1),
    (5, 120, 40, True, RELU, 1),
    (3, 240, 80, False, HARDSWISH, 2),
    (3, 200, 80, False, HARDSWISH, 1),
    (3, 184, 80, False, HARDSWISH, 1),
    (3, 184, 80, False, HARDSWISH, 1),
    (3, 480, 112, True, HARDSWISH, 1),
    (3, 672, 112, True, HARDSWISH, 1),
    (5, 672, 160, True, HARDSWISH, 2),
    (5, 960, 160, True, HARDSWISH, 1),
    (5, 960, 160, True, HARDSWISH, 1),
]

# Fused, expansion, kernel, stride, output channels, depth.
EFFICIENTNET_B0 = [
    (False, 1, 3, 1, 16, 1),
    (False, 6, 3, 2, 24, 2),
    (False, 6, 5, 2, 40, 2),
    (False, 6, 3, 2, 80, 3),
    (False, 6, 5, 1, 112, 3),
    (False, 6, 5, 2, 192, 4),
    (False, 6, 3, 1, 320, 1),
]
EFFICIENTNET_V2_S = [
    (True, 1, 3, 1, 24, 2),
    (True, 4, 3, 2, 48, 4),
    (True, 4, 3, 2, 64, 4),
    (False, 4, 3, 2, 128, 6),
    (False, 6, 3, 1, 160, 9),
    (False, 6, 3, 2, 256, 15),
]


def expanding(inputs: int, outputs: int, stride: int, expansion: int, kernel: int, act: Layers) -> nn.Module:
    return inverted_residual(inputs, expansion * inputs, outputs, kernel, stride, act=act)


def expanded(first: list[nn.Module], channels: int, rows: Rows, act: Layers, classes: int) -> nn.Module:
    """What comes first, stages of one activation, and 1,280 channels."""
    layers = list(first)
    for expansion, kernel, width, depth, stride in rows:
        block = partial(expanding, expansion=expansion, kernel=kernel, act=act)
        layers.append(stack(block, channels, width, depth, stride))
        channels = width
    return classifier(nn.Sequential(*layers, conv(channels, 1280, act=act)), 1280, classes, dropout=0.2)


def mobilenet_v2(classes: int = 1000) -> nn.Module:
    return expanded([conv(3, 32, 3, 2, act=RELU6)], 32, MOBILENET_V2, RELU6, classes)


def mnasnet1_0(classes: int = 1000) -> nn.Module:
    first = [conv(3, 32, 3, 2), inverted_residual(32, 32, 16, 3, 1, act=RELU)]
    return expanded(first, 16, MNASNET, RELU, classes)


def mobilenet_v3(rows: Rows, last: int, classes: int) -> nn.Module:
    norm = partial(nn.BatchNorm2d, eps=1e-3, momentum=0.01)
    layers: list[nn.Module] = [conv(3, 16, 3, 2, norm=norm, act=HARDSWISH)]
    channels = 16
    for kernel, hidden, width, squeezes, act, stride in rows:
        squeeze = SqueezeExcitation(hidden, divisible(hidden / 4), gate=nn.Hardsigmoid) if squeezes else None
        layers.append(inverted_residual(channels, hidden, width, kernel, stride, act=act, norm=norm, squeeze=squeeze))
        channels = width
    layers += [conv(channels, 6 * channels, norm=norm, act=HARDSWISH), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(
        *layers, nn.Linear(6 * channels, last), HARDSWISH(), nn.Dropout(0.2, inplace=True), nn.Linear(last, classes)
    )


def mobilenet_v3_small(classes: int = 1000) -> nn.Module:
    return mobilenet_v3(MOBILENET_V3_SMALL, 1024, classes)


def mobilenet_v3_large(classes: int = 1000) -> nn.Module:
    return mobilenet_v3(MOBILENET_V3_LARGE, 1280, classes)


def efficientnet(rows: Rows, first: int, eps: float, classes: int) -> nn.Module:
    """More blocks are left out in training the deeper they are, from none to a fifth."""
    norm, total = partial(nn.BatchNorm2d, eps=eps), sum(row[-1] for row in rows)
    drops = iter([0.2 * place / total for place in range(total)])

    def block(inputs: int, outputs: int, stride: int, fused: bool, expansion: int, kernel: int) -> nn.Module:
        hidden, drop = expansion * inputs, next(drops)
        squeeze = None if fused else SqueezeExcitation(hidden, inputs // 4, act=SILU)
        return inverted_residual(
            inputs, hidden, outputs, kernel, stride, act=SILU, norm=norm, squeeze=squeeze, fused=fused, drop=drop
        )

    layers: list[nn.Module] = [conv(3, first, 3, 2, norm=norm, act=SILU)]
    channels = first
    for fused, expansion, kernel, stride, width, depth in rows:
        shape = partial(block, fused=fused, expansion=expansion, kernel=kernel)
        layers.append(stack(shape, channels, width, depth, stride))
        channels = width
    return classifier(nn.Sequential(*layers, conv(channels, 1280, norm=norm, act=SILU)), 1280, classes, dropout=0.2)


def efficientnet_b0(classes: int = 1000) -> nn.Module:
    return efficientnet(EFFICIENTNET_B0, 32, 1e-5, classes)


def efficientnet_v2_s(classes: int = 1000) -> nn.Module:
    return efficientnet(EFFICIENTNET_V2_S, 24, 1e-3, classes)


class Shuffle(nn.Module):
    """Half of the channels pass, or, where the size halves, take a branch of their own; then the halves interleave."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        half, self.halves = outputs // 2, stride == 1
        into = half if self.halves else inputs
        self.deep = nn.Sequential(conv(into, half), conv(half, half, 3, stride, half, act=None), conv(half, half))
        side = [conv(inputs, inputs, 3, stride, inputs, act=None), conv(inputs, half)]
        self.side = nn.Identity() if self.halves else nn.Sequential(*side)

    def forward(self, x: Tensor) -> Tensor:
        one, other = x.chunk(2, dim=1) if self.halves else (x, x)
        x = torch.cat((self.side(one), self.deep(other)), dim=1)
        batch, channels, *image = x.shape
        return x.view(batch, 2, channels // 2, *image).transpose(1, 2).contiguous().view(batch, channels, *image)


def shufflenet_v2_x1_0(classes: int = 1000) -> nn.Module:
    layers: list[nn.Module] = [conv(3, 24, 3, 2), nn.MaxPool2d(3, 2, 1)]
    channels = 24
    for width, depth in ((116, 4), (232, 8), (464, 4)):
        layers.append(stack(Shuffle, channels, width, depth, 2))
        channels = width
    return classifier(nn.Sequential(*layers, conv(channels, 1024)), 1024, classes)
