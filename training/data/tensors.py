"""Data sets that are tensors in memory."""

import numpy as np
import torch
from torch import Tensor

from training.data.base import DataSet


class Data(DataSet):
    """Images (images, channels, height, width) float32, and labels (images,) int64, shown as they are.

    classes  None: as many as the largest label says
    """

    def __init__(
        self,
        train_x: Tensor,
        train_y: Tensor,
        test_x: Tensor,
        test_y: Tensor,
        name: str = "tensors",
        classes: int | None = None,
    ):
        self.train_x, self.train_y, self.test_x, self.test_y = train_x, train_y, test_x, test_y
        self.name = name
        self.classes = int(max(train_y.max(), test_y.max())) + 1 if classes is None else classes
        self.image_shape = tuple(train_x.shape[1:])
        self.train_size, self.test_size = len(train_x), len(test_x)

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
                f"not be {_sizes(image_shape)}"
            )
        if image_shape[1] < height or image_shape[2] < width:
            raise ValueError(f"image of {data.name} must be at least {height} x {width}, not {_sizes(image_shape[1:])}")
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
        rows, columns = (torch.arange(new) * old // new for new, old in zip((height, width), x.shape[2:], strict=True))
        return x[:, :, rows][..., columns].repeat(1, channels // x.shape[1], 1, 1)


def _sizes(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
