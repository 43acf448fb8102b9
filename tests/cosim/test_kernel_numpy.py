"""The blocks of the im2col matrix that the path of NumPy makes; its products are in test_kernel_images.py."""
import numpy as np
import pytest

from cosim import kernel_numpy
from tests.cosim.test_kernel_images import SIZE, WINDOWS, normal, source_of
from training.im2col import im2col


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_a_block_is_a_part_of_the_im2col_matrix(window):
    rng = np.random.default_rng(1)
    images = normal(rng, 2, *SIZE, 5)
    for depth in (5, 8):
        whole, rows = im2col(images, window, depth), np.array([0, 7, 3])
        block = kernel_numpy.im2col_block(images, source_of(images, window), rows, np.arange(whole.shape[1]))
        assert np.array_equal(block, whole[rows])
    whole = im2col(images, window, 5).T
    rows, ks = np.array([4, 0]), np.array([5, 2, 3])
    assert np.array_equal(kernel_numpy.im2col_block(images, source_of(images, window, True), rows, ks),
                          whole[np.ix_(rows, ks)])


def test_a_small_block_gives_the_same_product(monkeypatch):
    rng = np.random.default_rng(2)
    images, window = normal(rng, 2, *SIZE, 4), WINDOWS[1]
    source, b = source_of(images, window), normal(rng, 36, 3)
    want = kernel_numpy.gemm_in_numpy(images, b, None, "fp16", source)
    monkeypatch.setattr(kernel_numpy, "BLOCK", 100)
    assert np.array_equal(kernel_numpy.gemm_in_numpy(images, b, None, "fp16", source), want)
