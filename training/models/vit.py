"""The vision transformer ViT-B/16, and for small images DeiT-Ti (arXiv 2012.12877, table 1) on smaller patches.

Attributes have timm's names, so the state dicts of its vit_base_patch16_224 fit at 224x224. torchvision's vit_b_16 is
the same network, but its attention is one module that never calls its layers.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from tlm.workload import architecture
from training.matmul import MatMul
from training.models.parts import undrawn


class Attention(nn.Module):
    """Self-attention of several heads, each over dim / heads channels."""

    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = undrawn(nn.Linear, dim, 3 * dim)
        self.scores, self.mix = MatMul(), MatMul()
        self.proj = undrawn(nn.Linear, dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """x (B, T, dim) -> (B, T, dim)."""
        batch, tokens, dim = x.shape
        qkv = self.qkv(x).reshape(batch, tokens, 3, self.heads, dim // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # (B, heads, T, dim / heads) each
        scores = self.scores(q * q.shape[-1] ** -0.5, k.transpose(-2, -1))  # (B, heads, T, T)
        mixed = self.mix(scores.softmax(-1), v)  # (B, heads, T, dim / heads)
        return self.proj(mixed.transpose(1, 2).reshape(batch, tokens, dim))


class Block(nn.Module):
    """Attention, then two linear layers for each token; either has a norm before it and a path around it."""

    def __init__(self, dim: int, heads: int, hidden: int):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = nn.Sequential(
            OrderedDict(fc1=undrawn(nn.Linear, dim, hidden), act=nn.GELU(), fc2=undrawn(nn.Linear, hidden, dim))
        )

    def forward(self, x: Tensor) -> Tensor:
        """x (B, T, dim) -> (B, T, dim)."""
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Vit(nn.Module):
    """Patches of an image become tokens; a class token among them attends to all, and the head classifies it alone.

    sizes  its numbers for each size of an image
    """

    def __init__(self, sizes: dict[int, architecture.Vit], image: int, classes: int, width: float):
        super().__init__()
        numbers = sizes[image]
        dim = numbers.scaled(width)
        self.patch_embed = nn.Sequential(OrderedDict(proj=nn.Conv2d(3, dim, numbers.patch, numbers.patch)))
        self.cls_token = nn.Parameter(torch.empty(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.empty(1, numbers.tokens(image), dim))
        self.blocks = nn.Sequential(*[Block(dim, numbers.heads, numbers.mlp_ratio * dim) for _ in range(numbers.depth)])
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.head = undrawn(nn.Linear, dim, classes)
        self._draw()

    def forward(self, x: Tensor) -> Tensor:
        """x (B, 3, image, image) -> (B, classes)."""
        x = self.patch_embed(x).flatten(2).transpose(1, 2)  # (B, patches, dim)
        x = torch.cat((self.cls_token.expand(len(x), -1, -1), x), 1) + self.pos_embed
        return self.head(self.norm(self.blocks(x))[:, 0])

    def _draw(self) -> None:
        nn.init.normal_(self.cls_token, std=1e-6)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)
