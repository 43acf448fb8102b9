"""Element-wise work of a training step, on every path of the kernel, against the goldens."""

import numpy as np
import pytest

from cosim.col2im import col2im
from cosim.kernel import kernel_vectors
from cosim.kernel.kernel import data_of
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


def test_several_are_updated_where_they_are(path):
    rng = np.random.default_rng(4)
    parts = [[rng.standard_normal(size).astype(np.float32) for _ in range(3)] for size in (0, 1, 100, 33)]
    wanted = [sgd(*part, RATES[0]) for part in parts]
    kernel_vectors.sgd_at([(len(w), *(data_of(array) for array in (w, v, g))) for w, v, g in parts], RATES[0])
    for (w, v, _), (new_w, new_v) in zip(parts, wanted, strict=True):
        assert np.array_equal(w, new_w) and np.array_equal(v, new_v)
    kernel_vectors.sgd_at([], RATES[0])


@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan])
def test_one_number_that_is_not_finite_is_found_wherever_it_is(path, odd):
    arrays = [np.full(size, 3.4e38, np.float32) for size in (5, 0, 70)]
    places = [(array.size, data_of(array)) for array in arrays]
    assert kernel_vectors.finite_at(places) and kernel_vectors.finite_at([])
    for array, index in [(arrays[0], 4), *((arrays[2], index) for index in (0, 17, 69))]:
        before, array[index] = array[index], odd
        assert not kernel_vectors.finite_at(places)
        array[index] = before
    assert kernel_vectors.finite_at(places)


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 3, 5), (3, 16, 16), (2, 17, 31), (2, 8, 64), (1, 70, 33), (0, 2, 3)])
def test_matrices_are_turned_and_rounded_as_numpy_does_it(path, shape):
    rng = np.random.default_rng(7)
    wide = (rng.standard_normal(shape) * 10.0 ** rng.integers(-9, 6, shape)).astype(np.float32)
    wide[rng.random(shape) < 0.05] = np.inf
    half = np.full((shape[0], shape[2], shape[1]), 7, np.float16)
    with np.errstate(over="ignore"):
        want = np.ascontiguousarray(wide.astype(np.float16).swapaxes(1, 2))
    done = kernel_vectors.turned(wide.ctypes.data, shape, True, half.ctypes.data)
    assert done == (path != "numpy")
    if done:
        assert np.array_equal(half.view(np.uint16), want.view(np.uint16))
        back = np.empty(shape, np.float32)
        kernel_vectors.turned(half.ctypes.data, half.shape, False, back.ctypes.data)
        assert np.array_equal(back, half.swapaxes(1, 2).astype(np.float32))


def test_a_nan_that_is_turned_stays_one(path):
    wide, half = np.full((1, 2, 40), np.nan, np.float32), np.zeros((1, 40, 2), np.float16)
    wide.view(np.uint32)[0, 1] = 0xFF800001
    if kernel_vectors.turned(wide.ctypes.data, wide.shape, True, half.ctypes.data):
        assert np.isnan(half).all()


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_an_input_gradient_is_added_up_in_the_goldens_order(path, window):
    shape = (2, 9, 10, 5)
    rows = 2 * np.prod(window.output(shape[1:3]))
    columns = np.random.default_rng(3).standard_normal((rows, window.positions * 5)).astype(np.float32)
    found = kernel_vectors.col2im(columns, window, shape)
    assert found.dtype == np.float32 and np.array_equal(found, col2im(columns, window, shape))
