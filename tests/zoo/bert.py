"""BERT (2018) after Hugging Face's: a classifier of sequences, some of them padded, by products of matrices."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


class Layer(nn.Module):
    """Norms come after the sums; attention is eager: scores, mask, softmax, dropout, and values."""

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.heads, self.drop = heads, nn.Dropout(dropout)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.norms = nn.ModuleList([nn.LayerNorm(width, eps=1e-12), nn.LayerNorm(width, eps=1e-12)])

    def attend(self, x: Tensor, mask: Tensor) -> Tensor:
        batch, length, width = x.shape
        parts = (layer(x) for layer in (self.query, self.key, self.value))
        q, k, v = (part.view(batch, length, self.heads, -1).transpose(1, 2) for part in parts)
        scores = torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(width // self.heads) + mask
        weights = self.drop(functional.softmax(scores, dim=-1))
        return torch.matmul(weights, v).transpose(1, 2).reshape(batch, length, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = self.norms[0](x + self.drop(self.out(self.attend(x, mask))))
        return self.norms[1](x + self.drop(self.down(functional.gelu(self.up(x)))))


class Bert(nn.Module):
    """Logits of classes for (batch, length) tokens, of which the mask is one, and zero where there is padding."""

    def __init__(self, vocabulary: int, places: int, width: int, depth: int, heads: int, classes: int, dropout: float):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width, padding_idx=0)
        self.places, self.types = nn.Embedding(places, width), nn.Embedding(2, width)
        self.norm, self.drop = nn.LayerNorm(width, eps=1e-12), nn.Dropout(dropout)
        self.layers = nn.ModuleList([Layer(width, heads, dropout) for _ in range(depth)])
        self.pooler, self.head = nn.Linear(width, width), nn.Linear(width, classes)

    def forward(self, ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None) -> Tensor:
        types = torch.zeros_like(ids) if token_type_ids is None else token_type_ids
        places = torch.arange(ids.shape[1], device=ids.device)
        x = self.drop(self.norm(self.tokens(ids) + self.types(types) + self.places(places)))
        mask = (1.0 - attention_mask[:, None, None, :].to(x.dtype)) * torch.finfo(x.dtype).min
        for layer in self.layers:
            x = layer(x, mask)
        return self.head(self.drop(torch.tanh(self.pooler(x[:, 0]))))


def bert(
    vocabulary: int = 101,
    places: int = 32,
    width: int = 32,
    depth: int = 2,
    heads: int = 4,
    classes: int = 2,
    dropout: float = 0.1,
) -> nn.Module:
    return Bert(vocabulary, places, width, depth, heads, classes, dropout)
