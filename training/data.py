"""Data: images and labels, split once and for all by a seed, and their batches in a seeded order."""
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

TEST_IMAGES = 360


@dataclass(frozen=True)
class Data:
    """Images (images, channels, height, width) float32 in [0, 1], and labels (images,) int64."""

    train_x: Tensor
    train_y: Tensor
    test_x: Tensor
    test_y: Tensor

    def batches(self, size: int, seed: int, epoch: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """The training images once, shuffled by seed and epoch, `size` at a time; the last batch may be smaller."""
        order = torch.from_numpy(np.random.default_rng([seed, epoch]).permutation(len(self.train_x)))
        return ((self.train_x[part], self.train_y[part]) for part in order.split(size))


def digits(seed: int = 0) -> Data:
    """The 1,797 handwritten 8x8 digits of scikit-learn, which carries them: 1,437 to train on and 360 to test."""
    from sklearn.datasets import load_digits
    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(images))
    x = torch.from_numpy((images[order] / 16).astype(np.float32).reshape(-1, 1, 8, 8))
    y = torch.from_numpy(labels[order].astype(np.int64))
    return Data(x[:-TEST_IMAGES], y[:-TEST_IMAGES], x[-TEST_IMAGES:], y[-TEST_IMAGES:])


DATA = {"digits": digits}


def load(name: str, seed: int) -> Data:
    """The data set of that name, split by `seed`. Raises ValueError."""
    if name not in DATA:
        raise ValueError(f"data must be one of {', '.join(DATA)}, not {name!r}")
    return DATA[name](seed)
