"""Blocks of an im2col matrix against those of one that PyTorch's unfold makes."""

import numpy as np
import pytest

from cosim.im2col import Im2col
from tests.support.im2col import im2col
from tests.support.kernel import normal
from tests.support.refused import refused
from tests.support.windows import SIZE, WINDOWS, source_of

PARTS = [
    (slice(None), slice(None)),
    (slice(2, 9), slice(1, 4)),
    (slice(5, 6), slice(0, 2)),
    (slice(3, 3), slice(None)),
    (slice(0, 10**6), slice(2, 10**6)),
]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("depth", [5, 8])
def test_a_block_is_a_part_of_the_matrix_or_of_its_transpose(window, depth):
    images = normal(np.random.default_rng(1), 2, *SIZE, 5)
    whole, source = im2col(images, window, depth), source_of(images, window)
    for part in PARTS:
        for transposed, matrix in ((False, whole), (True, whole.T)):
            lazy = Im2col(images, source, depth, transposed)
            assert lazy.shape == matrix.shape and np.array_equal(lazy[part], matrix[part])
    assert whole[PARTS[1]].size == 21 and not whole[PARTS[3]].size


@pytest.mark.parametrize("images", [np.zeros((1, 2, 3, 5), np.float16), np.zeros((2, *SIZE, 5), np.float32)])
def test_other_images_than_those_of_the_source_are_refused(images):
    source = source_of(np.zeros((2, *SIZE, 5), np.float16), WINDOWS[0])
    with pytest.raises(ValueError, match="images must be float16 of shape .2, .* not float"):
        Im2col(images, source, 5, False)


def test_images_are_arrays():
    source = source_of(np.zeros((2, *SIZE, 5), np.float16), WINDOWS[0])
    for images in (None, [1], np.ma.zeros((2, *SIZE, 5), np.float16)):
        refused("images must be an array, not", Im2col, images, source, 5, False)
