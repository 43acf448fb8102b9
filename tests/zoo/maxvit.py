"""MaxViT (2022): inverted residuals, then attention in windows, then over a grid with a place of each window."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.zoo.blocks import Residual, SqueezeExcitation, StochasticDepth, conv, mlp, relative_positions

HEAD = 32  # channels of a head

norm = partial(nn.BatchNorm2d, eps=1e-3, momentum=0.99)


class RelativeAttention(nn.Module):
    """Within each group of a (batch, groups, places, channels), by einsum."""

    positions: Tensor

    def __init__(self, width: int, side: int):
        super().__init__()
        self.heads, self.scale = width // HEAD, width**-0.5
        self.qkv, self.merge = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.table = nn.Parameter(torch.empty((2 * side - 1) ** 2, self.heads))
        nn.init.trunc_normal_(self.table, std=0.02)
        self.register_buffer("positions", relative_positions(side).flatten())

    def forward(self, x: Tensor) -> Tensor:
        batch, groups, places, _ = x.shape
        shape = (batch, groups, places, self.heads, HEAD)
        q, k, v = (part.reshape(shape).permute(0, 1, 3, 2, 4) for part in self.qkv(x).chunk(3, dim=-1))
        scores = torch.einsum("B G H I D, B G H J D -> B G H I J", q, k * self.scale)
        bias = self.table[self.positions].view(places, places, -1).permute(2, 0, 1).contiguous().unsqueeze(0)
        weights = functional.softmax(scores + bias, dim=-1)
        out = torch.einsum("B G H I J, B G H J D -> B G H I D", weights, v)
        return self.merge(out.permute(0, 1, 3, 2, 4).reshape(x.shape))


class Partition(nn.Module):
    """Attention and a network within windows of side x side, or on grids with as many places, evenly apart."""

    def __init__(self, width: int, side: int, drop: float, *, grid: bool):
        super().__init__()
        self.side, self.grid, self.drop = side, grid, StochasticDepth(drop)
        self.attention = nn.Sequential(nn.LayerNorm(width), RelativeAttention(width, side))
        self.network = nn.Sequential(nn.LayerNorm(width), *mlp(width, 4 * width))

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, height, width = x.shape
        tall, wide = (height // self.side, width // self.side) if self.grid else (self.side, self.side)
        rows, columns = height // tall, width // wide
        x = x.reshape(batch, channels, rows, tall, columns, wide).permute(0, 2, 4, 3, 5, 1)
        x = x.reshape(batch, rows * columns, tall * wide, channels)
        x = torch.swapaxes(x, -2, -3) if self.grid else x
        x = x + self.drop(self.attention(x))
        x = x + self.drop(self.network(x))
        x = torch.swapaxes(x, -2, -3) if self.grid else x
        x = x.reshape(batch, rows, columns, tall, wide, channels).permute(0, 5, 1, 3, 2, 4)
        return x.reshape(batch, channels, height, width)


def layer(inputs: int, outputs: int, side: int, stride: int, drop: float) -> nn.Module:
    shape = partial(conv, norm=norm, act=nn.GELU)
    hidden = 4 * outputs
    excite = SqueezeExcitation(hidden, outputs // 4, act=nn.SiLU)
    middle = shape(hidden, hidden, 3, stride, hidden)
    block = nn.Sequential(norm(inputs), shape(inputs, hidden), middle, excite, nn.Conv2d(hidden, outputs, 1))
    shrink = [nn.AvgPool2d(3, 2, 1)] if stride == 2 else []
    project = nn.Sequential(*shrink, nn.Conv2d(inputs, outputs, 1)) if shrink or inputs != outputs else None
    attend = [Partition(outputs, side, drop, grid=grid) for grid in (False, True)]
    return nn.Sequential(Residual(block, project, drop=drop), *attend)


def maxvit_t(classes: int = 1000, side: int = 7) -> nn.Module:
    """For images whose sides are multiples of 32 times the windows'."""
    layers: list[nn.Module] = [conv(3, 64, 3, 2, norm=norm, act=nn.GELU), nn.Conv2d(64, 64, 3, padding=1)]
    channels, drops = 64, iter([0.2 * place / 10 for place in range(11)])
    for width, depth in ((64, 2), (128, 2), (256, 5), (512, 2)):
        for place in range(depth):
            layers.append(layer(channels, width, side, 1 if place else 2, next(drops)))
            channels = width
    head = [nn.LayerNorm(512), nn.Linear(512, 512), nn.Tanh(), nn.Linear(512, classes, bias=False)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), *head)
