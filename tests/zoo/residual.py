"""ResNet (2015) with its wide, grouped and three-dimensional kin, RegNet (2020), and DenseNet (2016)."""

from functools import partial

import torch
from torch import Tensor, nn

from tests.zoo.blocks import RELU, Layers, Residual, SqueezeExcitation, classifier, conv, stack


def shortcut(inputs: int, outputs: int, stride: int, layer: Layers = conv) -> nn.Module | None:
    return layer(inputs, outputs, 1, stride, act=None) if stride != 1 or inputs != outputs else None


def basic(inputs: int, outputs: int, stride: int, layer: Layers = conv) -> nn.Module:
    block = nn.Sequential(layer(inputs, outputs, 3, stride), layer(outputs, outputs, 3, act=None))
    return Residual(block, shortcut(inputs, outputs, stride, layer), act=RELU)


def bottleneck(
    inputs: int, outputs: int, stride: int, *, narrow: float = 4, group: int = 0, squeeze: float = 0
) -> nn.Module:
    """Narrow in the middle, where a group has so many channels; the stride is there, too (ResNet v1.5)."""
    width = int(outputs / narrow)
    excite = [SqueezeExcitation(width, round(squeeze * inputs))] if squeeze else []
    middle = conv(width, width, 3, stride, width // group if group else 1)
    block = nn.Sequential(conv(inputs, width), middle, *excite, conv(width, outputs, act=None))
    return Residual(block, shortcut(inputs, outputs, stride), act=RELU)


def resnet(block: Layers, depths: tuple[int, ...], expansion: int, classes: int) -> nn.Module:
    layers: list[nn.Module] = [conv(3, 64, 7, 2), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for number, depth in enumerate(depths):
        width = expansion * 64 * 2**number
        layers.append(stack(block, channels, width, depth, 2 if number else 1))
        channels = width
    return classifier(nn.Sequential(*layers), channels, classes)


def resnet18(classes: int = 1000) -> nn.Module:
    return resnet(basic, (2, 2, 2, 2), 1, classes)


def resnet50(classes: int = 1000) -> nn.Module:
    return resnet(bottleneck, (3, 4, 6, 3), 4, classes)


def wide_resnet50_2(classes: int = 1000) -> nn.Module:
    return resnet(partial(bottleneck, narrow=2), (3, 4, 6, 3), 4, classes)


def grouped(inputs: int, outputs: int, stride: int) -> nn.Module:
    """ResNeXt's: 32 groups everywhere."""
    return bottleneck(inputs, outputs, stride, narrow=2, group=outputs // 64)


def resnext50_32x4d(classes: int = 1000) -> nn.Module:
    return resnet(grouped, (3, 4, 6, 3), 4, classes)


def regnet_y_400mf(classes: int = 1000) -> nn.Module:
    """Widths and depths are what the paper's rule makes of w_0 = 48, w_a = 27.89, w_m = 2.09, and 16 blocks."""
    block = partial(bottleneck, narrow=1, group=8, squeeze=0.25)
    layers: list[nn.Module] = [conv(3, 32, 3, 2)]
    channels = 32
    for width, depth in ((48, 1), (104, 3), (208, 6), (440, 6)):
        layers.append(stack(block, channels, width, depth, 2))
        channels = width
    return classifier(nn.Sequential(*layers), channels, classes)


def r3d(widths: tuple[int, ...] = (8, 16, 32, 64), classes: int = 400) -> nn.Module:
    """ResNet3D-18 (2017) for video of (batch, 3, frames, height, width); the published one is 64 to 512 wide."""
    layer = partial(conv, kind=nn.Conv3d, norm=nn.BatchNorm3d)
    block = partial(basic, layer=layer)
    layers: list[nn.Module] = [layer(3, widths[0], (3, 7, 7), (1, 2, 2))]
    for number, (inputs, outputs) in enumerate(zip((widths[0], *widths), widths, strict=False)):
        layers.append(stack(block, inputs, outputs, 2, 2 if number else 1))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(widths[-1], classes))


class Dense(nn.Module):
    """Thirty-two channels more, after those that came in."""

    def __init__(self, inputs: int, growth: int = 32):
        super().__init__()
        narrow = [nn.BatchNorm2d(inputs), RELU(), nn.Conv2d(inputs, 4 * growth, 1, bias=False)]
        grow = [nn.BatchNorm2d(4 * growth), RELU(), nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)]
        self.block = nn.Sequential(*narrow, *grow)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.block(x)], 1)


def densenet121(classes: int = 1000) -> nn.Module:
    layers: list[nn.Module] = [conv(3, 64, 7, 2), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for number, depth in enumerate((6, 12, 24, 16)):
        if number:
            halve = nn.Conv2d(channels, channels // 2, 1, bias=False)
            layers += [nn.BatchNorm2d(channels), RELU(), halve, nn.AvgPool2d(2, 2)]
            channels //= 2
        layers += [Dense(channels + 32 * place) for place in range(depth)]
        channels += 32 * depth
    return classifier(nn.Sequential(*layers, nn.BatchNorm2d(channels), RELU()), channels, classes)
