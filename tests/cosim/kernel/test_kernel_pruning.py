"""Pruning and compact copies by the kernel against rtl.golden, payloads of NaN included."""

from itertools import product

import numpy as np
import pytest

from cosim.kernel import kernel
from rtl.golden import nm_compact, nm_mask
from rtl.sparsity import GROUP, KEPT
from tests.support.kernel import normal, special

STRIDED = [lambda w: w, np.asfortranarray, lambda w: np.asfortranarray(w)[::-1], lambda w: w[:, ::-1]]


@pytest.mark.parametrize("n, m", [(n, m) for n in KEPT for m in GROUP if n < m] + [(3, 5), (4, 4)])
def test_pruning_and_compact_copies_are_the_goldens(path, n, m):
    rng = np.random.default_rng(5)
    for shape, strided in product([(64, 32), (101, 77), (3, 1), (1, 70), (0, 5)], STRIDED):
        w = special(rng, *shape, share=0.2)
        w[rng.random(shape) < 0.3] = -0.0
        w = strided(w)
        values, indices = nm_compact(w, n, m) if w.size else np.zeros((2, 0, n, 5))
        for got, want in zip(
            kernel.compact(w, n, m), (values.astype(np.float16), indices.astype(np.uint8)), strict=True
        ):
            assert (got.shape, got.dtype, got.tobytes()) == (want.shape, want.dtype, want.tobytes())
        for axis in range(2) if w.size else ():
            lines = np.moveaxis(w, axis, 0)
            want = np.moveaxis(np.where(nm_mask(lines, n, m), lines, np.float16(0)), 0, axis)
            got = kernel.prune(w, n, m, axis)
            assert (got.shape, got.dtype, got.tobytes()) == (want.shape, want.dtype, want.tobytes())


def test_pruning_takes_any_number_of_dimensions(path):
    w = normal(np.random.default_rng(6), 3, 16, 5, 7)
    want = np.moveaxis(np.where(nm_mask(np.moveaxis(w, 1, 0), 2, 8), np.moveaxis(w, 1, 0), np.float16(0)), 0, 1)
    assert np.array_equal(kernel.prune(w, 2, 8, 1), want) and (want != 0).mean() == 0.25


def test_weights_that_cannot_be_compacted_are_refused(path):
    with pytest.raises(ValueError, match="must be float16 with 2 dimensions, not float32"):
        kernel.compact(np.ones((8, 2), np.float32), 2, 8)
    with pytest.raises(ValueError, match="needs 1 <= N <= M <= 256, not 9:8"):
        kernel.compact(np.ones((8, 2), np.float16), 9, 8)
