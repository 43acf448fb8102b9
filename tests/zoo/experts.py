"""A mixture of experts after Llama 4's (2025): all experts' weights are one parameter of one batched product."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.zoo.llama import RMSNorm, Swiglu

Product = Callable[[Tensor, Tensor], Tensor]


class Experts(nn.Module):
    """The best expert of each token, on the token times its score, and an expert that all tokens share."""

    def __init__(self, width: int, hidden: int, experts: int, product: Product):
        super().__init__()
        self.router, self.shared = nn.Linear(width, experts, bias=False), Swiglu(width, hidden)
        self.gate_up = nn.Parameter(torch.empty(experts, width, 2 * hidden).normal_(std=width**-0.5))
        self.down = nn.Parameter(torch.empty(experts, hidden, width).normal_(std=hidden**-0.5))
        self.product = product

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.reshape(-1, x.shape[-1])
        scores, chosen = self.router(tokens).topk(1, dim=1)
        every = scores.new_full((len(tokens), len(self.down)), -torch.inf).scatter(1, chosen, scores)
        routed = tokens.repeat(len(self.down), 1) * torch.sigmoid(every).transpose(0, 1).reshape(-1, 1)
        gate, up = self.product(routed.view(len(self.down), *tokens.shape), self.gate_up).chunk(2, dim=-1)
        out = self.shared(tokens)
        out.add_(self.product(up * functional.silu(gate), self.down).sum(dim=0))
        return out.view(x.shape)


class Network(nn.Module):
    """Of (batch, length, width), as in a transformer: norm, experts, sum; then classes, from the tokens' mean."""

    def __init__(self, width: int, hidden: int, experts: int, depth: int, classes: int, product: Product):
        super().__init__()
        self.norms = nn.ModuleList([RMSNorm(width) for _ in range(depth)])
        self.layers = nn.ModuleList([Experts(width, hidden, experts, product) for _ in range(depth)])
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        for norm, layer in zip(self.norms, self.layers, strict=True):
            x = x + layer(norm(x))
        return self.head(x.mean(dim=1))


def moe(
    width: int = 16, hidden: int = 24, experts: int = 4, depth: int = 2, classes: int = 10, product: Product = torch.bmm
) -> nn.Module:
    return Network(width, hidden, experts, depth, classes, product)


moe_einsum = partial(moe, product=partial(torch.einsum, "enk,eko->eno"))
