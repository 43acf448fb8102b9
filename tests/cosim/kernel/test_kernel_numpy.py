"""The path of NumPy, whose im2col matrix comes in blocks; its products are in test_kernel_images.py."""

import numpy as np

from cosim.kernel import kernel_numpy
from tests.support.kernel import normal
from tests.support.windows import SIZE, WINDOWS, source_of


def test_a_small_block_gives_the_same_product(monkeypatch):
    rng = np.random.default_rng(2)
    images, window = normal(rng, 2, *SIZE, 4), WINDOWS[1]
    source, b = source_of(images, window), normal(rng, 36, 3)
    want = kernel_numpy.gemm_in_numpy(images, b, None, "fp16", source)
    monkeypatch.setattr(kernel_numpy, "BLOCK", 100)
    assert np.array_equal(kernel_numpy.gemm_in_numpy(images, b, None, "fp16", source), want)
