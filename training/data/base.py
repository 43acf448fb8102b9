"""The interface of data sets: images and labels, and their batches in a seeded order."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np
from torch import Tensor


class DataSet(ABC):
    """Images with labels, split for good into those to train on and those to test on.

    name         of the data set, in reports
    classes      number of classes: labels are from 0 to classes - 1
    image_shape  (channels, height, width) of each image in a batch
    train_size   number of images to train on
    test_size    number of images to test on
    A batch is (images, labels): (batch, channels, height, width) float32, and (batch,) int64.
    """

    name: str
    classes: int
    image_shape: tuple[int, ...]
    train_size: int
    test_size: int

    @abstractmethod
    def train_batch(self, indices: np.ndarray, seed: int, epoch: int) -> tuple[Tensor, Tensor]:
        """The training images of these indices. A random view of an image depends on seed, epoch and index alone.

        Raises ValueError for a file that cannot be read.
        """

    @abstractmethod
    def test_batch(self, indices: np.ndarray) -> tuple[Tensor, Tensor]:
        """The test images of these indices, always the same. Raises ValueError for a file that cannot be read."""

    def batches(self, size: int, seed: int, epoch: int = 0, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """The training images once, shuffled by seed and epoch, `size` at a time; the last batch may be smaller.

        start  number of the batch to begin with, which has the same bits as without; those before it cost nothing
        Raises ValueError for a size below 1 and a start outside the epoch, which may be its very end.
        """
        _check_size(size)
        number = -(-self.train_size // size)
        if not 0 <= start <= number:
            raise ValueError(f"start must be from 0 to {number}, the batches of an epoch, not {start}")
        order = np.random.default_rng([seed, epoch]).permutation(self.train_size)
        return (self.train_batch(part, seed, epoch) for part in _parts(order, size, start))

    def test_batches(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The test images once, in their own order, `size` at a time. Raises ValueError for a size below 1."""
        _check_size(size)
        return (self.test_batch(part) for part in _parts(np.arange(self.test_size), size))


def _check_size(size: int) -> None:
    if size < 1:
        raise ValueError(f"size of a batch must be at least 1, not {size}")


def _parts(order: np.ndarray, size: int, start: int = 0) -> Iterator[np.ndarray]:
    return (order[first : first + size] for first in range(start * size, len(order), size))
