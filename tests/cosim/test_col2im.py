"""col2im against the transpose of im2col."""

import numpy as np
import pytest

from cosim.col2im import col2im
from tests.support.im2col import im2col
from tlm.workload.window import Window

WINDOWS = [
    Window(),
    Window((3, 3)),
    Window((3, 3), (1, 1), (1, 1)),
    Window((3, 2), (2, 1), (1, 0), (1, 2)),
    Window((2, 2), (3, 3)),
    Window((1, 1), (2, 2)),
    Window((5, 3), (1, 2), (2, 3), (2, 1)),
]


def integers(shape, seed):
    """Small whole numbers: their sums are exact, in any order."""
    return np.random.default_rng(seed).integers(-8, 9, shape).astype(np.float32)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_col2im_is_the_transpose_of_im2col(window):
    images = integers((2, 9, 10, 3), 2)
    columns = im2col(images, window, 3)
    other = integers(columns.shape, 3)
    assert (columns * other).sum() == (images * col2im(other, window, images.shape)).sum()


def test_col2im_adds_in_ascending_kernel_position():
    columns = np.array([[0, 0, 1], [0, 2.0**-24, 0], [2.0**-24, 0, 0]], np.float32)  # all meet at pixel 2
    tiny_first = col2im(columns, Window((1, 3)), (1, 1, 5, 1)).flatten()
    tiny_last = col2im(columns[::-1, ::-1].copy(), Window((1, 3)), (1, 1, 5, 1)).flatten()
    assert tiny_first[2] == np.float32(1 + 2.0**-23) and tiny_last[2] == 1
