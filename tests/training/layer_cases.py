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
    "groups": (lambda: nn.Conv2d(16, 24, 3, padding=1, groups=2), (2, 16, 6, 5)),
    "groups, last N:M groups short": (lambda: nn.Conv2d(22, 26, 3, stride=2, padding=1, groups=2), (2, 22, 5, 5)),
    "depthwise": (lambda: nn.Conv2d(6, 6, 3, padding=1, groups=6), (2, 6, 5, 4)),
    "depthwise with two outputs each": (lambda: nn.Conv2d(4, 8, 3, stride=2, groups=4), (2, 4, 7, 6)),
    "one dimension": (lambda: nn.Conv1d(8, 16, 5, stride=2, padding=2), (2, 8, 20)),
    "one dimension, one signal": (lambda: nn.Conv1d(9, 8, 3, padding=1), (9, 11)),
    "three dimensions": (lambda: nn.Conv3d(8, 9, (3, 2, 3), stride=(1, 2, 2), padding=(1, 0, 1)), (2, 8, 4, 5, 6)),
    "three dimensions, groups": (lambda: nn.Conv3d(16, 16, 2, dilation=2, groups=2), (1, 16, 4, 4, 3)),
    "transposed": (lambda: nn.ConvTranspose2d(16, 9, 3, stride=2, padding=1, output_padding=1), (2, 16, 5, 4)),
    "transposed, stride 1": (lambda: nn.ConvTranspose2d(9, 16, 3, padding=1), (2, 9, 5, 4)),
    "transposed, groups": (lambda: nn.ConvTranspose2d(16, 20, 4, stride=2, padding=1, groups=2), (2, 16, 4, 3)),
    "transposed, one dimension": (lambda: nn.ConvTranspose1d(8, 12, 4, stride=2, padding=1), (2, 8, 5)),
    "transposed, three dimensions": (
        lambda: nn.ConvTranspose3d(8, 8, (2, 3, 2), stride=(1, 2, 2), padding=(0, 1, 0)),
        (1, 8, 3, 4, 4),
    ),
    "padding by a word": (lambda: nn.Conv2d(8, 8, (3, 5), padding="same"), (2, 8, 5, 6)),
    "padding by a word, uneven": (lambda: nn.Conv2d(8, 8, (2, 4), padding="same"), (2, 8, 5, 6)),
    "padding by reflection": (lambda: nn.Conv2d(8, 8, 3, padding=1, padding_mode="reflect"), (2, 8, 5, 6)),
}


def layer_and_input(case, seed=7):
    factory, shape = CASES[case]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return factory(), draw(shape, seed)
