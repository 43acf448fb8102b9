"""Data sets of pictures, of which a batch at a time is read, decoded, cropped and normalised."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from PIL.Image import Image
from torch import Tensor

from training.data.augmentation import Views
from training.data.base import DataSet
from training.data.forms import Contents, Split

AUGMENTATION = 1  # the last word of a view's seed. Trailing zeros do not count, and [seed, epoch] gives the order


class Pictures(DataSet):
    """Pictures as squares of `side` pixels, whose channels have mean 0 and deviation 1 over the training set.

    mean, std  of red, green and blue, for values from 0 to 1
    augment    whether to train on random views, or on those of the test
    workers    threads that decode the pictures of a batch; the bits are the same for any number
    """

    def __init__(
        self,
        name: str,
        contents: Contents,
        side: int,
        views: Views,
        mean: tuple[float, ...],
        std: tuple[float, ...],
        augment: bool = True,
        workers: int = 1,
    ):
        self.name, self.classes, self.image_shape = name, contents.classes, (3, side, side)
        self.train_size, self.test_size = len(contents.train.labels), len(contents.test.labels)
        self.augment, self.workers = augment, workers
        self._contents, self._views = contents, views
        levels = np.arange(256) / 255
        self._normal = [((levels - m) / s).astype(np.float32) for m, s in zip(mean, std, strict=True)]  # of each byte

    def train_batch(self, indices: np.ndarray, seed: int, epoch: int) -> tuple[Tensor, Tensor]:
        if not self.augment:
            return self._batch(self._contents.train, indices, self._seen_in_test)
        return self._batch(
            self._contents.train,
            indices,
            lambda picture, index: self._views.train(
                picture, self.image_shape[1], np.random.default_rng([seed, epoch, index, AUGMENTATION])
            ),
        )

    def test_batch(self, indices: np.ndarray) -> tuple[Tensor, Tensor]:
        return self._batch(self._contents.test, indices, self._seen_in_test)

    def _seen_in_test(self, picture: Image, _: int) -> Image:
        return self._views.test(picture, self.image_shape[1])

    def _batch(self, split: Split, indices: np.ndarray, view: Callable[[Image, int], Image]) -> tuple[Tensor, Tensor]:
        def pixels(index: int) -> np.ndarray:
            return np.asarray(view(split.picture(index), index))

        if self.workers == 1:
            seen = [pixels(index) for index in indices.tolist()]
        else:
            with ThreadPoolExecutor(self.workers) as pool:  # Pillow decodes and resizes without Python's lock
                seen = list(pool.map(pixels, indices.tolist()))
        images = np.stack(seen)  # (B, side, side, 3) uint8
        x = np.stack([normal[images[..., i]] for i, normal in enumerate(self._normal)], axis=1)  # (B, 3, side, side)
        return torch.from_numpy(x), torch.from_numpy(split.labels[indices])
