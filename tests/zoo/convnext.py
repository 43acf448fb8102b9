"""ConvNeXt (2022): depthwise convolutions of 7x7, and linear layers on channels that come last."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.zoo.blocks import Permute, Residual, conv, mlp


class LayerNorm2d(nn.LayerNorm):
    """Over the channels of an image, which come first."""

    def forward(self, x: Tensor) -> Tensor:
        x = functional.layer_norm(x.permute(0, 2, 3, 1), self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


class Scale(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.scale = nn.Parameter(torch.full((channels, 1, 1), 1e-6))

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * x


def block(width: int, drop: float) -> nn.Module:
    depthwise = nn.Conv2d(width, width, 7, padding=3, groups=width)
    norm = nn.LayerNorm(width, eps=1e-6)
    layers = [depthwise, Permute(0, 2, 3, 1), norm, *mlp(width, 4 * width), Permute(0, 3, 1, 2), Scale(width)]
    return Residual(nn.Sequential(*layers), drop=drop)


def norm(width: int) -> nn.Module:
    return LayerNorm2d(width, eps=1e-6)


def convnext_tiny(classes: int = 1000) -> nn.Module:
    layers: list[nn.Module] = [conv(3, 96, 4, 4, padding=0, norm=norm, act=None, bias=True)]
    stages = ((96, 3), (192, 3), (384, 9), (768, 3))
    drops = iter([0.1 * place / 17 for place in range(18)])
    for width, depth in stages:
        if width > 96:
            layers += [norm(width // 2), nn.Conv2d(width // 2, width, 2, 2)]
        layers += [block(width, next(drops)) for _ in range(depth)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), norm(768), nn.Flatten(), nn.Linear(768, classes))
