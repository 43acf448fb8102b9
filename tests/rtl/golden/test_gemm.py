"""The golden GEMM against a plain loop, and the properties that the arithmetic contract promises."""

import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rtl.golden import fp16_mul, fp32_add, gemm
from tests.support import floats
from tests.support.properties import few

module = sys.modules["rtl.golden.gemm"]  # `rtl.golden.gemm` is the function


@st.composite
def operands(draw):
    """a (M, K) and b (K, N): half of the time any bit patterns, else finite ones of similar size."""
    m, k, n = draw(st.tuples(st.integers(1, 6), st.integers(1, 40), st.integers(1, 6)))
    numbers = np.random.default_rng(draw(st.integers(0, 2**32)))
    if draw(st.booleans()):
        return random_operands(numbers, m, k, n)
    return tuple(
        floats.random_halves(numbers, rows * columns).view(np.float16).reshape(rows, columns)
        for rows, columns in ((m, k), (k, n))
    )


def random_operands(numbers, m, k, n):
    return (numbers.standard_normal((m, k)).astype(np.float16), numbers.standard_normal((k, n)).astype(np.float16))


def bits(c: np.ndarray) -> np.ndarray:
    return c.view(np.uint32)


@few(40)
@given(operands())
def test_every_element_is_a_plain_loop_of_numpy_scalars(case):
    a, b = case
    c = gemm(a, b)
    assert c.dtype == np.float32 and c.shape == (a.shape[0], b.shape[1])
    with np.errstate(invalid="ignore", over="ignore"):
        for i, j in np.ndindex(c.shape):
            total = np.float32(0)
            for k in range(a.shape[1]):
                total = total + np.float32(a[i, k]) * np.float32(b[k, j])
            assert floats.canonical(np.array([total])) == bits(c)[i, j]


@few(20)
@given(operands())
def test_every_element_is_a_chain_of_the_golden_units(case):
    a, b = (x.view(np.uint16) for x in case)
    c = bits(gemm(*case))
    for i, j in np.ndindex(c.shape):
        total = 0
        for k in range(a.shape[1]):
            total = fp32_add(total, fp16_mul(int(a[i, k]), int(b[k, j])))
        assert total == c[i, j]


def test_the_result_does_not_depend_on_the_block_size(rng, monkeypatch):
    a, b = random_operands(floats.numpy_of(rng), 37, 50, 13)
    whole = gemm(a, b)
    for block in (1, 13, 40, 100):
        monkeypatch.setattr(module, "_BLOCK", block)
        assert np.array_equal(bits(gemm(a, b)), bits(whole))


def test_the_order_of_k_matters_so_that_it_is_tested_at_all(rng):
    a, b = random_operands(floats.numpy_of(rng), 20, 60, 20)
    assert not np.array_equal(bits(gemm(a[:, ::-1], b[::-1])), bits(gemm(a, b)))


def test_small_integers_come_out_exactly(rng):
    numbers = floats.numpy_of(rng)
    a, b = numbers.integers(-64, 65, (9, 200)), numbers.integers(-64, 65, (200, 7))
    assert np.array_equal(gemm(a.astype(np.float16), b.astype(np.float16)), (a @ b).astype(np.float32))


def test_every_nan_is_the_canonical_one():
    a = np.array([[np.inf, 0.0], [-np.inf, np.inf], [1.0, 0.0]], np.float16)
    a.view(np.uint16)[2, 1] = 0xFDFF  # a signalling NaN with a sign and a payload
    c = gemm(a, np.array([[0.0], [1.0]], np.float16))
    assert bits(c).tolist() == [[0x7FC00000]] * 3


def test_sums_beyond_fp16_stay_finite_and_a_pruned_infinity_is_nan():
    largest = np.full((1, 300), 65504.0, np.float16)
    assert np.isfinite(gemm(largest, largest.T)).all()
    assert np.isnan(gemm(np.array([[np.inf]], np.float16), np.array([[0.0]], np.float16))).all()
