"""Data in memory, as it is and enlarged."""

import pytest
import torch

from training.data import Data, Enlarged

X, Y = torch.arange(40, dtype=torch.float32).reshape(5, 2, 2, 2), torch.tensor([0, 1, 2, 0, 1])
DATA = Data(X[:3], Y[:3], X[3:], Y[3:], "own", 3)


def test_tensors_of_ones_own_are_data():
    assert (DATA.image_shape, DATA.train_size, DATA.test_size) == ((2, 2, 2), 3, 2)
    ((x, y),) = DATA.batches(8, seed=1)
    assert x.dtype == torch.float32 and torch.equal(x[y.argsort()], X[:3])
    ((x, y),) = DATA.test_batches(8)
    assert torch.equal(x, X[3:]) and torch.equal(y, Y[3:])


def test_enlarging_takes_the_nearest_pixel_and_repeats_the_channels():
    large = Enlarged(DATA, (4, 3, 5))
    ((x, y),) = large.test_batches(8)
    assert x.shape == (2, *large.image_shape) == (2, 4, 3, 5) and torch.equal(y, Y[3:])
    a, b, c, d = X[3, 1].flatten().tolist()
    top, bottom = [a, a, a, b, b], [c, c, c, d, d]
    assert x[0, 1].tolist() == x[0, 3].tolist() == [top, top, bottom]
    assert torch.equal(x[:, 0], x[:, 2]) and not torch.equal(x[:, 0], x[:, 1])
    assert (large.name, large.classes, large.train_size, large.test_size) == ("own", 3, 3, 2)


@pytest.mark.parametrize(
    "shape, complaint",
    [
        ((3, 4, 4), "image of own must have a multiple of 2 channels, height and width, not be 3 x 4 x 4"),
        ((0, 4, 4), "not be 0 x 4 x 4"),
        ((4, 4), "not be 4 x 4"),
        ((2, 4, 1), "image of own must be at least 2 x 2, not 4 x 1"),
    ],
)
def test_what_is_no_enlargement_is_refused(shape, complaint):
    with pytest.raises(ValueError, match=complaint):
        Enlarged(DATA, shape)
