"""Data sets that are tensors in memory."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.data.base import DataSet


@dataclass(frozen=True, eq=False)
class Data(DataSet):
    """Images (images, channels, height, width) float32, and labels (images,) int64, shown as they are.

    classes  None: as many as the largest label says
    """

    train_x: Tensor
    train_y: Tensor
    test_x: Tensor
    test_y: Tensor
    name: str = "tensors"
    classes: int | None = None

    def __post_init__(self):
        if self.classes is None:
            object.__setattr__(self, "classes", int(max(self.train_y.max(), self.test_y.max())) + 1)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return tuple(self.train_x.shape[1:])

    @property
    def train_size(self) -> int:
        return len(self.train_x)

    @property
    def test_size(self) -> int:
        return len(self.test_x)

    def train_batch(self, indices: np.ndarray, seed: int, epoch: int) -> tuple[Tensor, Tensor]:
        return self.train_x[indices], self.train_y[indices]

    def test_batch(self, indices: np.ndarray) -> tuple[Tensor, Tensor]:
        return self.test_x[indices], self.test_y[indices]


class Enlarged(DataSet):
    """Another data set for a model that wants larger images, or more channels; only a batch at a time is enlarged.

    A pixel becomes the nearest one of the original, and channels are repeated.
    Raises ValueError for an image_shape that is lower or narrower, or whose channels are no multiple of the original's.
    """

    def __init__(self, data: DataSet, image_shape: tuple[int, int, int]):
        channels, height, width = data.image_shape
        if len(image_shape) != 3 or image_shape[0] < 1 or image_shape[0] % channels:
            raise ValueError(
                f"image of {data.name} must have a multiple of {channels} channels, height and width, "
                f"not be {_words(image_shape)}"
            )
        if image_shape[1] < height or image_shape[2] < width:
            raise ValueError(f"image of {data.name} must be at least {height} x {width}, not {_words(image_shape[1:])}")
        self.data, self.image_shape = data, tuple(image_shape)
        self.name, self.classes = data.name, data.classes
        self.train_size, self.test_size = data.train_size, data.test_size

    def train_batch(self, indices: np.ndarray, seed: int, epoch: int) -> tuple[Tensor, Tensor]:
        x, y = self.data.train_batch(indices, seed, epoch)
        return self._enlarged(x), y

    def test_batch(self, indices: np.ndarray) -> tuple[Tensor, Tensor]:
        x, y = self.data.test_batch(indices)
        return self._enlarged(x), y

    def _enlarged(self, x: Tensor) -> Tensor:
        channels, height, width = self.image_shape
        rows, columns = (torch.arange(new) * old // new for new, old in zip((height, width), x.shape[2:]))
        return x[:, :, rows][..., columns].repeat(1, channels // x.shape[1], 1, 1)


def _words(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
