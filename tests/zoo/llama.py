"""Llama 3 (2024) after Hugging Face's: RMS norms, rotated positions, few keys for many queries, gated networks."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class RMSNorm(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5))


class Swiglu(nn.Module):
    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.gate, self.up = nn.Linear(width, hidden, bias=False), nn.Linear(width, hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(functional.silu(self.gate(x)) * self.up(x))


def rotated(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return x * cosine + torch.cat((-second, first), dim=-1) * sine


class Layer(nn.Module):
    def __init__(self, width: int, hidden: int, heads: int, shared: int):
        super().__init__()
        self.heads, self.shared, size = heads, shared, width // heads
        self.query, self.out = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
        self.key, self.value = (nn.Linear(width, shared * size, bias=False) for _ in range(2))
        self.network, self.norms = Swiglu(width, hidden), nn.ModuleList([RMSNorm(width), RMSNorm(width)])

    def attend(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        shape = (*x.shape[:2], -1, x.shape[2] // self.heads)
        q, k, v = (layer(x).view(shape).transpose(1, 2) for layer in (self.query, self.key, self.value))
        q, k = rotated(q, cosine, sine), rotated(k, cosine, sine)
        k, v = (self.repeated(part) for part in (k, v))
        out = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(out.transpose(1, 2).reshape(x.shape))

    def repeated(self, x: Tensor) -> Tensor:
        """Keys or values, once for every query's head."""
        batch, shared, length, size = x.shape
        x = x[:, :, None].expand(batch, shared, self.heads // self.shared, length, size)
        return x.reshape(batch, self.heads, length, size)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        x = x + self.attend(self.norms[0](x), cosine, sine)
        return x + self.network(self.norms[1](x))


class Llama(nn.Module):
    """Logits of the next token after each of (batch, length) tokens."""

    frequencies: Tensor

    def __init__(self, vocabulary: int, width: int, hidden: int, depth: int, heads: int, shared: int):
        super().__init__()
        self.tokens, self.norm = nn.Embedding(vocabulary, width), RMSNorm(width)
        self.layers = nn.ModuleList([Layer(width, hidden, heads, shared) for _ in range(depth)])
        self.head = nn.Linear(width, vocabulary, bias=False)
        size = width // heads
        self.register_buffer("frequencies", 500_000.0 ** -(torch.arange(0, size, 2) / size), persistent=False)

    @torch.no_grad()
    def positions(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Cosines and sines, made by a product of matrices of which neither is a weight."""
        places = torch.arange(ids.shape[1], device=ids.device).float()
        angles = (self.frequencies[None, :, None] @ places[None, None, :]).transpose(1, 2)
        angles = torch.cat((angles, angles), dim=-1)[:, None]
        return angles.cos(), angles.sin()

    def forward(self, ids: Tensor) -> Tensor:
        x, (cosine, sine) = self.tokens(ids), self.positions(ids)
        for layer in self.layers:
            x = layer(x, cosine, sine)
        return self.head(self.norm(x))


def llama(
    vocabulary: int = 101, width: int = 32, hidden: int = 64, depth: int = 2, heads: int = 4, shared: int = 2
) -> nn.Module:
    return Llama(vocabulary, width, hidden, depth, heads, shared)
