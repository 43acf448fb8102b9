"""Models by name."""
from collections.abc import Callable
from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class Model:
    """A factory, and what it takes and gives: input_shape is (channels, height, width) of one image."""

    factory: Callable[[], nn.Module]
    input_shape: tuple[int, int, int]
    classes: int


def cnn() -> nn.Module:
    """Three convolutions and a linear layer for the 8x8 digits: 62,464 multiply-adds an image."""
    # Without normalisation, 2:8 on layers this narrow diverges at any rate that learns within ten epochs.
    return nn.Sequential(OrderedDict(
        conv1=nn.Conv2d(1, 8, 3, padding=1, bias=False), norm1=nn.BatchNorm2d(8), relu1=nn.ReLU(),    # (B, 8, 8, 8)
        conv2=nn.Conv2d(8, 16, 3, stride=2, padding=1, bias=False), norm2=nn.BatchNorm2d(16), relu2=nn.ReLU(),
        conv3=nn.Conv2d(16, 16, 3, padding=1, bias=False), norm3=nn.BatchNorm2d(16), relu3=nn.ReLU(),  # (B, 16, 4, 4)
        flatten=nn.Flatten(), linear=nn.Linear(256, 10)))                                              # (B, 10)


MODELS = {"cnn": Model(cnn, (1, 8, 8), 10)}


def find(name: str) -> Model:
    """The model of that name. Raises ValueError."""
    if name not in MODELS:
        raise ValueError(f"model must be one of {', '.join(MODELS)}, not {name!r}")
    return MODELS[name]


def build(name: str, seed: int) -> nn.Module:
    """A new module with weights drawn from `seed`, whatever else has been drawn before. Raises ValueError."""
    model = find(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return model.factory()
