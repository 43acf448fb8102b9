"""DLRM (2019): dense features through a network, sparse ones through tables, and products of all pairs."""

from itertools import pairwise

import torch
from torch import Tensor, nn

# Rows of the tables of Criteo's Kaggle data.
KAGGLE: tuple[int, ...] = (1460, 583, 10131227, 2202608, 305, 24, 12517, 633, 3, 93145, 5683, 8351593, 3194)
KAGGLE += (27, 14992, 5461306, 10, 5652, 2173, 4, 7046547, 18, 15, 286181, 105, 142572)


def perceptron(widths: tuple[int, ...], last: type[nn.Module]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1], last())


class Dlrm(nn.Module):
    """The probability of a click, for (batch, 13) numbers and (batch, tables, rows a bag) indices."""

    def __init__(self, rows: tuple[int, ...], width: int):
        super().__init__()
        self.tables = nn.ModuleList([nn.EmbeddingBag(count, width, mode="sum") for count in rows])
        pairs = len(rows) * (len(rows) + 1) // 2
        self.bottom = perceptron((13, 512, 256, 64, width), nn.ReLU)
        self.top = perceptron((width + pairs, 512, 256, 1), nn.Sigmoid)

    def forward(self, dense: Tensor, indices: Tensor) -> Tensor:
        x = self.bottom(dense)
        sparse = [table(indices[:, number]) for number, table in enumerate(self.tables)]
        vectors = torch.cat([x, *sparse], dim=1).view(len(x), len(sparse) + 1, -1)
        products = torch.bmm(vectors, vectors.transpose(1, 2))
        one, other = torch.tril_indices(len(sparse) + 1, len(sparse) + 1, -1, device=x.device)
        return self.top(torch.cat([x, products[:, one, other]], dim=1))


def dlrm(rows: tuple[int, ...] = (50, 7, 101, 3), width: int = 16) -> nn.Module:
    return Dlrm(rows, width)
