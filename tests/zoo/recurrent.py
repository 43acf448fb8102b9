"""Classifiers of sequences by two recurrent layers, each both ways, after Trevett's tutorials of sentiment analysis."""

import torch
from torch import Tensor, nn

from tests.zoo.blocks import Layers


class Recurrent(nn.Module):
    """One logit a sequence, from the last states of the upper layer; `read` makes vectors of what comes in."""

    def __init__(self, cell: Layers, read: nn.Module, inputs: int, hidden: int):
        super().__init__()
        self.read, self.drop = read, nn.Dropout()
        self.cells = cell(inputs, hidden, num_layers=2, bidirectional=True, dropout=0.5, batch_first=True)
        self.head = nn.Linear(2 * hidden, 1)

    def forward(self, x: Tensor) -> Tensor:
        _, state = self.cells(self.drop(self.read(x)))
        last = state[0] if isinstance(state, tuple) else state
        return self.head(self.drop(torch.cat((last[-2], last[-1]), dim=1)))


def lstm(vocabulary: int = 101, inputs: int = 16, hidden: int = 24) -> nn.Module:
    """Of tokens (batch, length)."""
    return Recurrent(nn.LSTM, nn.Embedding(vocabulary, inputs), inputs, hidden)


def gru(inputs: int = 16, hidden: int = 24) -> nn.Module:
    """Of tokens' vectors (batch, length, inputs), as BERT's are."""
    return Recurrent(nn.GRU, nn.Identity(), inputs, hidden)
