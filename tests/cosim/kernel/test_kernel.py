"""The kernel against rtl.golden, bit for bit, on every path that this machine has."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.kernel import kernel
from rtl.golden import to_fp16
from rtl.sparsity import GROUP, KEPT, Sparsity
from tests.support.kernel import assert_same, bits, golden, normal, special
from tests.support.properties import few

PATTERNS = [None, *(Sparsity(n, m) for n in KEPT for m in GROUP if n < m)]
# Vectors have 4, 8 and 16 floats; dense tiles 4 or 6 rows and up to 64 columns, sparse panels up to 128 rows. Caches
# give stretches of k and blocks their size: half of 32 KiB and of 1 MiB 48 to 256 elements, and 512 KiB of sums.
CACHES = [(0, 0), (3 << 10, 40 << 10), (1 << 20, 64 << 20)]
SHAPES = [
    (1, 1, 1),
    (1, 300, 1),
    (2, 3, 600),
    (15, 16, 17),
    (16, 64, 16),
    (17, 65, 15),
    (31, 67, 33),
    (48, 160, 8),
    (49, 161, 9),
    (127, 63, 7),
    (128, 64, 16),
    (129, 257, 23),
    (257, 11, 5),
    (900, 5, 3),
    (12, 513, 521),
    (5, 128, 64),
    (6, 129, 65),
    (7, 127, 63),
    (12, 240, 32),
    (13, 241, 31),
    (258, 130, 80),
    (523, 40, 70),
    (9, 20, 580),
    (30, 257, 48),
]


@pytest.mark.parametrize("sparsity", PATTERNS, ids=str)
def test_the_bits_are_the_goldens_on_every_edge_of_the_blocking(path, sparsity):
    rng, compared = np.random.default_rng(1), 0
    for m, k, n in SHAPES:
        a, b = normal(rng, m, k), normal(rng, k, n)
        want = golden(a, b, sparsity)
        assert_same(kernel.gemm(a, b, sparsity, threads=1 + compared % 2), want)
        assert_same(kernel.gemm(a, b, sparsity, output="fp16"), to_fp16(want))
        compared += want.size
    assert compared == sum(m * n for m, _, n in SHAPES)


@pytest.mark.parametrize("caches", CACHES, ids=str)
@pytest.mark.parametrize("sparsity", [None, Sparsity(2, 8), Sparsity(1, 16)], ids=str)
def test_the_bits_are_the_same_whatever_the_caches(path, caches, sparsity, monkeypatch):
    monkeypatch.setattr(kernel, "budget", lambda: caches)
    rng = np.random.default_rng(10)
    for number, (m, k, n) in enumerate(SHAPES):
        a, b = special(rng, m, k, share=0.002), special(rng, n, k, share=0.001).T
        assert_same(kernel.gemm(a, b, sparsity, threads=1 + number % 3), golden(a, b, sparsity))


def test_weights_that_outweigh_all_else_are_compacted_some_columns_at_a_time(path):
    rng = np.random.default_rng(9)
    a, b = normal(rng, 2, 2048), normal(rng, 2048, 700)
    a[1, 5] = np.inf
    assert_same(kernel.gemm(a, b, Sparsity(4, 8), threads=2), golden(a, b, Sparsity(4, 8)))


@pytest.mark.parametrize("sparsity", [None, Sparsity(1, 4), Sparsity(2, 8), Sparsity(4, 16)], ids=str)
def test_special_values_give_the_goldens_bits(path, sparsity):
    rng = np.random.default_rng(2)
    for m, k, n in [(33, 7, 18), (130, 70, 40), (20, 300, 33), (24, 140, 64)]:
        for a, b in [
            (special(rng, m, k), normal(rng, k, n)),
            (normal(rng, m, k), special(rng, k, n)),
            (special(rng, m, k, share=0.5), special(rng, k, n, share=0.5)),
            (np.full((m, k), -np.inf, np.float16), normal(rng, k, n)),
        ]:
            for output in ("fp32", "fp16"):
                assert_same(kernel.gemm(a, b, sparsity, output=output), golden(a, b, sparsity, output))


def test_every_nan_is_canonical_whatever_its_payload(path):
    a = np.array([[0x7C01], [0xFFFF], [0x7C00]], np.uint16).view(np.float16)
    b = np.array([[1.0, 0.0, -np.inf]], np.float16)
    assert set(bits(kernel.gemm(a, b)).flatten().tolist()) == {0x7FC00000, 0x7F800000, 0xFF800000}
    assert set(bits(kernel.gemm(a, b, output="fp16")).flatten().tolist()) == {0x7E00, 0x7C00, 0xFC00}


def test_infinities_of_both_signs_in_a_tile_are_kept_and_one_nan_among_numbers_is_canonical(path):
    a, b = np.ones((12, 3), np.float16), np.ones((3, 64), np.float16)
    a[4, 1:], b[0, :32] = np.inf, -np.inf
    a[8].view(np.uint16)[1] = 0xFE01
    for output in ("fp32", "fp16"):
        assert_same(kernel.gemm(a, b, output=output), golden(a, b, output=output))


def test_infinity_and_nan_meet_a_pruned_weight_as_they_meet_zero(path):
    b = np.array([[4, 1], [3, 2], [2, 3], [1, 4]], np.float16)
    for value, kept in ((np.inf, np.inf), (-np.inf, -np.inf), (np.nan, np.nan)):
        for k, weights in enumerate(b):
            a = np.zeros((40, 4), np.float16)
            a[37, k] = value
            c = kernel.gemm(a, b, Sparsity(1, 4))
            want = [kept if weight == 4 else np.nan for weight in weights]
            assert np.array_equal(c[37], np.array(want, np.float32), equal_nan=True)
            assert not np.delete(c, 37, axis=0).any()


def test_k_ascends_and_is_never_split(path):
    """2^24 + 1 is lost in FP32: so it shows in which order the ones were added, over any stretch of k."""
    a = np.ones((20, 700), np.float16)
    a[:, 0], a[:, -1] = 4096, -4096
    b = np.ones((700, 20), np.float16)
    b[[0, -1]] = 4096
    assert not kernel.gemm(a, b).any()
    assert (kernel.gemm(np.roll(a, -1, 1), np.roll(b, -1, 0)) == 698).all()


def test_fp16_results_round_to_even_keep_subnormals_and_overflow(path):
    sums = [2049, 2051, 65504, 65519.996, 65520, 1e6, 2.0**-14, 2.0**-24, 2.0**-25, 3 * 2.0**-25, 1e-7, 0]
    sums = np.array([sign * value for value in sums for sign in (1, -1)])
    high = np.clip(sums, -65504, 65504).astype(np.float16)
    rest = sums - high.astype(np.float64)
    scale = np.where(np.abs(rest) > 2.0**-14, 1, 2.0**-10)
    a = np.stack([high, np.clip(rest / scale, -65504, 65504).astype(np.float16)], axis=1)
    b = np.array([[1, 1, 2.0**-9], [1, 2.0**-10, 2.0**-10]], np.float16)
    want = golden(a, b, output="fp16")
    assert_same(kernel.gemm(a, b, output="fp16"), want)
    assert np.isinf(want).any() and (np.abs(want[want != 0]) < 2.0**-14).any()


@few(60)
@given(
    st.integers(1, 70),
    st.integers(1, 150),
    st.integers(1, 70),
    st.sampled_from(PATTERNS),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_any_shape_and_any_strides(m, k, n, sparsity, turn_a, turn_b, seed):
    rng = np.random.default_rng(seed)
    a = special(rng, k, m, share=0.002).T if turn_a else special(rng, m, 2 * k, share=0.002)[:, ::-2]
    b = special(rng, n, k, share=0.002).T if turn_b else special(rng, 3 * k, n, share=0.002)[1::3, ::-1]
    assert_same(kernel.gemm(a, b, sparsity), golden(a, b, sparsity))


def test_operands_may_be_views_of_any_kind(path):
    rng, field = np.random.default_rng(3), np.dtype([("flag", np.int8), ("value", np.float16)])
    record = np.zeros((20, 40), field)
    record["value"] = normal(rng, 20, 40)
    frozen = normal(rng, 20, 40)
    frozen.flags.writeable = False
    b = np.broadcast_to(normal(rng, 40, 1), (40, 33))
    for a in (record["value"], frozen, np.broadcast_to(normal(rng, 1, 40), (20, 40)), normal(rng, 40, 20)[::-1].T):
        assert_same(kernel.gemm(a, b), golden(a, b))
        assert_same(kernel.gemm(a, b, Sparsity(2, 8)), golden(a, b, Sparsity(2, 8)))


def test_the_address_of_an_array_is_numpys():
    a = np.ones((7, 9), np.float16)
    for view in (a, a.T, a[::-1], a[2:, 3:], np.broadcast_to(a[0], (4, 9)), np.empty((0, 3))):
        assert kernel.data_of(view) == view.ctypes.data


@pytest.mark.parametrize("m, k, n", [(0, 3, 2), (3, 0, 2), (3, 2, 0)])
def test_an_empty_product_is_of_zeros(path, m, k, n):
    for sparsity in (None, Sparsity(2, 8)):
        c = kernel.gemm(np.ones((m, k), np.float16), np.ones((k, n), np.float16), sparsity, output="fp16")
        assert_same(c, np.zeros((m, n), np.float16))


@pytest.mark.parametrize(
    "a, b, options, message",
    [
        (np.ones((2, 3), np.float32), np.ones((3, 2), np.float16), {}, "must be float16, whose products are exact"),
        (np.ones((2, 3), np.float16), np.ones((3, 2), ">f2"), {}, "must be float16, whose products are exact"),
        (np.ones((2, 3), np.float16), np.ones((4, 2), np.float16), {}, "must agree in K, not 3 and 4"),
        (np.ones(3, np.float16), np.ones((3, 2), np.float16), {}, "must be matrices, not of 1 and 2 dimensions"),
        (np.ones((2, 3), np.float16), np.ones((3, 2), np.float16), dict(output="fp8"), "output must be fp32 or fp16"),
        (np.ones((2, 3), np.float16), np.ones((3, 2), np.float16), dict(threads=0), "at least one thread, not 0"),
    ],
)
def test_what_does_not_fit_is_refused(path, a, b, options, message):
    with pytest.raises(ValueError, match=message):
        kernel.gemm(a, b, **options)


def test_an_unknown_path_and_one_that_the_processor_lacks_are_refused(monkeypatch):
    a = np.ones((1, 1), np.float16)
    monkeypatch.setenv(kernel.CHOICE, "sse9")
    with pytest.raises(ValueError, match="SAT_KERNEL must be numpy, generic, avx2, avx512, or not set, not 'sse9'"):
        kernel.gemm(a, a)
    if "generic" in kernel.paths():
        kernel._number.cache_clear()
        monkeypatch.setattr(kernel.library(), "best", 0)
        monkeypatch.setenv(kernel.CHOICE, "avx2")
        with pytest.raises(ValueError, match="SAT_KERNEL is avx2, which this processor lacks; it has generic"):
            kernel.gemm(a, a)


def test_without_a_compiler_it_is_numpy(monkeypatch):
    monkeypatch.delenv(kernel.CHOICE, raising=False)
    monkeypatch.setattr(kernel, "missing", lambda names: names)
    kernel._number.cache_clear()
    assert (kernel.path(), kernel.paths()) == ("numpy", ["numpy"])
    with pytest.raises(ValueError, match="NumPy has no loop"):
        kernel.peak(1)
    kernel._number.cache_clear()


def test_the_peak_is_a_speed(path):
    if path != "numpy":
        assert kernel.peak(1, seconds=0.01) > 1e8
