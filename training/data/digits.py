"""The handwritten digits of scikit-learn: the data set that is always there."""

import numpy as np
import torch

from training.data.base import DataSet
from training.data.tensors import Data, Enlarged

TEST_IMAGES = 360


def digits(seed: int = 0, image: tuple[int, int, int] | None = None) -> DataSet:
    """The 1,797 handwritten 8x8 digits of scikit-learn, which carries them: 1,437 to train on and 360 to test.

    image  None for Data of (1, 8, 8) in [0, 1]; or (channels, height, width), to which they are enlarged
    Raises ValueError for an image lower or narrower than 8.
    """
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(images))
    x = torch.from_numpy((images[order] / 16).astype(np.float32).reshape(-1, 1, 8, 8))
    y = torch.from_numpy(labels[order].astype(np.int64))
    data = Data(x[:-TEST_IMAGES], y[:-TEST_IMAGES], x[-TEST_IMAGES:], y[-TEST_IMAGES:], "digits", 10)
    return data if image is None or tuple(image) == data.image_shape else Enlarged(data, image)
