"""ViT-B/16 (2020): an image's patches as a sequence, through nn.MultiheadAttention."""

import torch
from torch import Tensor, nn

from tests.zoo.blocks import mlp


class Encoder(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)])
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.network = mlp(width, 4 * width)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norms[0](x)
        x = x + self.attention(query=y, key=y, value=y, need_weights=False)[0]
        return x + self.network(self.norms[1](x))


class VisionTransformer(nn.Module):
    """Of square images of one size, classified by a token of its own."""

    def __init__(self, size: int, patch: int, width: int, depth: int, heads: int, classes: int):
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.places = nn.Parameter(torch.empty(1, (size // patch) ** 2 + 1, width).normal_(std=0.02))
        self.encoders = nn.Sequential(*(Encoder(width, heads) for _ in range(depth)))
        self.norm, self.head = nn.LayerNorm(width, eps=1e-6), nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).permute(0, 2, 1)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], dim=1)
        return self.head(self.norm(self.encoders(x + self.places))[:, 0])


def vit_b_16(classes: int = 1000, size: int = 224) -> nn.Module:
    return VisionTransformer(size, 16, 768, 12, 12, classes)
