"""Swin Transformer 1 (2021) and 2 (2022): attention in windows, which every second block shifts by a half."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.zoo.blocks import Permute, StochasticDepth, mlp, relative_positions


def windows(x: Tensor, side: int) -> Tensor:
    """(batch, height, width, channels) as (windows of all, places of one, channels)."""
    batch, height, width, channels = x.shape
    x = x.view(batch, height // side, side, width // side, side, channels)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, side * side, channels)


def image(x: Tensor, side: int, shape: torch.Size) -> Tensor:
    """Windows as the (batch, height, width, channels) that they are of."""
    batch, height, width, channels = shape
    x = x.view(batch, height // side, width // side, side, side, channels)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(shape)


def seams(x: Tensor, side: int, shifts: tuple[int, int]) -> Tensor:
    """Added to scores: -100 where the shift brought together in a window what is not side by side in the image."""
    regions = x.new_zeros(x.shape[1:3])
    cuts = [((0, -side), (-side, -shift), (-shift, None)) for shift in shifts]
    for number, (rows, columns) in enumerate((rows, columns) for rows in cuts[0] for columns in cuts[1]):
        regions[slice(*rows), slice(*columns)] = number
    regions = windows(regions[None, :, :, None], side).squeeze(-1)
    apart = regions.unsqueeze(1) - regions.unsqueeze(2)
    return apart.masked_fill(apart != 0, -100.0).masked_fill(apart == 0, 0.0)


class WindowAttention(nn.Module):
    """Of version 1: scaled products, and a learned bias for each relative position.

    Weights are read off the layers and used as functions, as in the original: no layer is ever called here.
    """

    positions: Tensor
    table: Tensor

    def __init__(self, width: int, heads: int, side: int, shift: int):
        super().__init__()
        self.heads, self.side, self.shift = heads, side, shift
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.register_buffer("positions", relative_positions(side).flatten())
        self.make_bias()

    def make_bias(self) -> None:
        self.table = nn.Parameter(torch.zeros((2 * self.side - 1) ** 2, self.heads))
        nn.init.trunc_normal_(self.table, std=0.02)

    def bias(self) -> Tensor:
        return self.by_position(self.table)

    def by_position(self, table: Tensor) -> Tensor:
        places = self.side**2
        return table[self.positions].view(places, places, -1).permute(2, 0, 1).contiguous().unsqueeze(0)

    def qkv_bias(self) -> Tensor:
        return self.qkv.bias

    def scores(self, q: Tensor, k: Tensor) -> Tensor:
        return (q * q.shape[-1] ** -0.5).matmul(k.transpose(-2, -1))

    def attend(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Within windows, (windows of all, places of one, channels); the mask is (windows of one image, ...)."""
        count, places, channels = x.shape
        qkv = functional.linear(x, self.qkv.weight, self.qkv_bias())
        q, k, v = qkv.reshape(count, places, 3, self.heads, channels // self.heads).permute(2, 0, 3, 1, 4)
        scores = self.scores(q, k) + self.bias()
        if mask is not None:
            scores = scores.view(-1, len(mask), self.heads, places, places) + mask.unsqueeze(1).unsqueeze(0)
            scores = scores.view(-1, self.heads, places, places)
        x = functional.softmax(scores, dim=-1).matmul(v).transpose(1, 2).reshape(count, places, channels)
        return functional.linear(x, self.proj.weight, self.proj.bias)

    def forward(self, x: Tensor) -> Tensor:
        _, height, width, _ = x.shape
        x = functional.pad(x, (0, 0, 0, -width % self.side, 0, -height % self.side))
        padded = x.shape
        down, right = (self.shift if size > self.side else 0 for size in padded[1:3])  # one window needs no shift
        mask = None
        if down or right:
            x = torch.roll(x, (-down, -right), (1, 2))
            mask = seams(x, self.side, (down, right))
        x = image(self.attend(windows(x, self.side), mask), self.side, padded)
        x = torch.roll(x, (down, right), (1, 2)) if down or right else x
        return x[:, :height, :width].contiguous()


class CosineAttention(WindowAttention):
    """Of version 2: products of unit vectors times a learned scale, and a bias that a small network makes of positions;
    keys have no bias."""

    def make_bias(self) -> None:
        away = torch.arange(1 - self.side, self.side, dtype=torch.float32) / (self.side - 1) * 8
        table = torch.stack(torch.meshgrid(away, away, indexing="ij"), dim=-1).unsqueeze(0)
        self.register_buffer("table", table.sign() * torch.log2(table.abs() + 1) / 3)
        self.network = nn.Sequential(nn.Linear(2, 512), nn.ReLU(inplace=True), nn.Linear(512, self.heads, bias=False))
        self.scale = nn.Parameter(torch.log(10 * torch.ones(self.heads, 1, 1)))

    def bias(self) -> Tensor:
        return 16 * torch.sigmoid(self.by_position(self.network(self.table).view(-1, self.heads)))

    def qkv_bias(self) -> Tensor:
        bias = self.qkv.bias.clone()
        third = len(bias) // 3
        bias[third : 2 * third].zero_()
        return bias

    def scores(self, q: Tensor, k: Tensor) -> Tensor:
        products = functional.normalize(q, dim=-1) @ functional.normalize(k, dim=-1).transpose(-2, -1)
        return products * torch.clamp(self.scale, max=math.log(100)).exp()


class Block(nn.Module):
    """Norms come before attention and network in version 1, after them in version 2."""

    def __init__(self, width: int, attention: WindowAttention, drop: float):
        super().__init__()
        self.attention, self.network, self.drop = attention, mlp(width, 4 * width), StochasticDepth(drop)
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])

    def forward(self, x: Tensor) -> Tensor:
        later = isinstance(self.attention, CosineAttention)
        for norm, layer in zip(self.norms, (self.attention, self.network), strict=True):
            x = x + self.drop(norm(layer(x)) if later else layer(norm(x)))
        return x


class Merging(nn.Module):
    """Four neighbours' channels become twice the channels of one place."""

    def __init__(self, width: int, *, later: bool):
        super().__init__()
        self.reduction, self.later = nn.Linear(4 * width, 2 * width, bias=False), later
        self.norm = nn.LayerNorm(2 * width if later else 4 * width)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        x = torch.cat([x[:, down::2, right::2] for right in (0, 1) for down in (0, 1)], -1)
        return self.norm(self.reduction(x)) if self.later else self.reduction(self.norm(x))


def swin(attention: type[WindowAttention], side: int, classes: int) -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(3, 96, 4, 4), Permute(0, 2, 3, 1), nn.LayerNorm(96)]
    drops = iter([0.2 * place / 11 for place in range(12)])
    for number, depth in enumerate((2, 2, 6, 2)):
        width, heads = 96 * 2**number, 3 * 2**number
        layers += [Merging(width // 2, later=attention is CosineAttention)] if number else []
        shifts = [side // 2 if place % 2 else 0 for place in range(depth)]
        layers += [Block(width, attention(width, heads, side, shift), next(drops)) for shift in shifts]
    head = [Permute(0, 3, 1, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(768, classes)]
    return nn.Sequential(*layers, nn.LayerNorm(768), *head)


def swin_t(classes: int = 1000) -> nn.Module:
    return swin(WindowAttention, 7, classes)


def swin_v2_t(classes: int = 1000) -> nn.Module:
    return swin(CosineAttention, 8, classes)
