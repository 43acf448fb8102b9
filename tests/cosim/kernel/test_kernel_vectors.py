"""Element-wise work of a training step, on every path of the kernel, against the goldens."""

import numpy as np
import pytest

from cosim.col2im import col2im
from cosim.kernel import kernel_vectors
from rtl.golden import Rates, sgd
from tests.support.windows import WINDOWS

RATES = [Rates(0.05, 0.9, 5e-4, 1024.0), Rates(1e-30, 0.999, 0.0), Rates(3e38, 0.0, 1e30, 2.0**24), Rates(0.1)]


@pytest.mark.parametrize("rates", RATES, ids=str)
def test_an_update_has_the_goldens_bits_whatever_the_values(path, rates):
    bits = np.random.default_rng(1).integers(0, 2**32, (3, 7, 4001), dtype=np.uint32)
    usual = np.random.default_rng(2).standard_normal((3, 7, 4001)).astype(np.float32)
    for w, v, g in (bits.view(np.float32), usual, usual[:, ::-1].transpose(0, 2, 1)):
        found, want = kernel_vectors.sgd(w, v, g, rates), sgd(w, v, g, rates)
        assert [of.shape for of in found] == [w.shape] * 2
        assert all(np.array_equal(a.view(np.uint32), b.view(np.uint32)) for a, b in zip(found, want, strict=True))
    assert np.isnan(bits.view(np.float32)).any()


def test_a_product_and_a_sum_are_each_rounded(path):
    w, v = np.float32([1 + 2**-12]), np.float32([1 + 2**-12])
    velocity = kernel_vectors.sgd(w, v, np.float32([-1]), Rates(1.0, 1 + 2**-12))[1]
    assert velocity[0] == np.float32(np.float32(v[0] * np.float32(1 + 2**-12)) - 1) != v[0] ** 2 - 1


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_an_input_gradient_is_added_up_in_the_goldens_order(path, window):
    shape = (2, 9, 10, 5)
    rows = 2 * np.prod(window.output(shape[1:3]))
    columns = np.random.default_rng(3).standard_normal((rows, window.positions * 5)).astype(np.float32)
    found = kernel_vectors.col2im(columns, window, shape)
    assert found.dtype == np.float32 and np.array_equal(found, col2im(columns, window, shape))
