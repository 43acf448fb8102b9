"""Linear layers and convolutions of every kind, with an input for each."""

import torch
from torch import nn

from tests.training.support import draw

CASES = {
    "linear": (lambda: nn.Linear(32, 24), (5, 32)),
    "linear with more dimensions": (lambda: nn.Linear(16, 8, bias=False), (2, 3, 4, 16)),
    "linear, vector": (lambda: nn.Linear(16, 8), (16,)),
    "linear, last groups short": (lambda: nn.Linear(19, 13), (6, 19)),
    "linear, too few channels": (lambda: nn.Linear(3, 5), (6, 3)),
    "convolution": (lambda: nn.Conv2d(8, 16, 3, padding=1), (2, 8, 6, 5)),
    "convolution of one image": (lambda: nn.Conv2d(8, 8, 3), (8, 6, 5)),
    "no padding": (lambda: nn.Conv2d(16, 8, 3), (2, 16, 6, 5)),
    "padding beyond the kernel": (lambda: nn.Conv2d(8, 8, 3, padding=3), (2, 8, 4, 4)),
    "stride 2": (lambda: nn.Conv2d(8, 16, 3, stride=2, padding=1), (2, 8, 7, 8)),
    "stride 2, 1x1": (lambda: nn.Conv2d(16, 8, 1, stride=2), (2, 16, 5, 6)),
    "stride beyond the kernel": (lambda: nn.Conv2d(8, 8, 2, stride=3), (2, 8, 8, 7)),
    "1x1": (lambda: nn.Conv2d(12, 20, 1), (2, 12, 4, 4)),
    "channels no multiple of M": (lambda: nn.Conv2d(11, 13, 3, padding=1), (2, 11, 5, 5)),
    "channels no multiple of M, stride 2": (lambda: nn.Conv2d(11, 13, 3, stride=2, padding=1), (2, 11, 5, 5)),
    "too few channels": (lambda: nn.Conv2d(3, 5, 3, padding=1), (2, 3, 5, 5)),
    "dilation": (lambda: nn.Conv2d(8, 8, 3, padding=2, dilation=2), (2, 8, 7, 7)),
    "all sizes different": (
        lambda: nn.Conv2d(9, 10, (3, 2), stride=(1, 2), padding=(2, 0), dilation=(2, 1)),
        (2, 9, 7, 8),
    ),
}


def layer_and_input(case, seed=7):
    factory, shape = CASES[case]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return factory(), draw(shape, seed)
