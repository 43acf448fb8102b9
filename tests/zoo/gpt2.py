"""GPT-2 (2019) after Hugging Face's: layers with weights of (inputs, outputs), and a head that is the embedding."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class Conv1D(nn.Module):
    """A linear layer by addmm, whose weight lies the other way round than nn.Linear's."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.empty(inputs, outputs)), nn.Parameter(torch.zeros(outputs))
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        return torch.addmm(self.bias, x.view(-1, x.shape[-1]), self.weight).view(*x.shape[:-1], -1)


class Block(nn.Module):
    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.qkv, self.proj = Conv1D(width, 3 * width), Conv1D(width, width)
        layers = [Conv1D(width, 4 * width), nn.GELU(approximate="tanh"), Conv1D(4 * width, width), nn.Dropout(dropout)]
        self.network = nn.Sequential(*layers)
        self.drop = nn.Dropout(dropout)

    def attend(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        parts = self.qkv(x).split(width, dim=2)
        q, k, v = (part.view(batch, length, self.heads, -1).transpose(1, 2) for part in parts)
        dropout = self.dropout if self.training else 0.0
        out = functional.scaled_dot_product_attention(q, k, v, dropout_p=dropout, is_causal=True)
        return self.drop(self.proj(out.transpose(1, 2).reshape(batch, length, width)))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attend(self.norms[0](x))
        return x + self.network(self.norms[1](x))


class Gpt2(nn.Module):
    """Logits of the next token after each of (batch, length) tokens."""

    def __init__(self, vocabulary: int, places: int, width: int, depth: int, heads: int, dropout: float):
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(places, width)
        self.drop, self.norm = nn.Dropout(dropout), nn.LayerNorm(width)
        self.blocks = nn.Sequential(*(Block(width, heads, dropout) for _ in range(depth)))
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, ids: Tensor) -> Tensor:
        places = torch.arange(ids.shape[1], device=ids.device)
        x = self.drop(self.tokens(ids) + self.places(places))
        return self.head(self.norm(self.blocks(x)))


def gpt2(
    vocabulary: int = 101, places: int = 32, width: int = 32, depth: int = 2, heads: int = 4, dropout: float = 0.1
) -> nn.Module:
    return Gpt2(vocabulary, places, width, depth, heads, dropout)
