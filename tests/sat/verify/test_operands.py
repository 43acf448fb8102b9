"""The operands of `sat verify gemm` reach what they say."""

import numpy as np
import pytest

from rtl.golden import gemm, nm_mask, to_fp16
from sat.verify.operands import KINDS, edges, special

SHAPES = [(9, 40, 18), (64, 100, 48), (5, 33, 7), (1, 1, 1), (3, 2, 1)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_operands_have_the_shape_and_follow_from_the_seed(kind, shape):
    m, k, n = shape
    (a, b), (c, d) = (kind.draw(np.random.default_rng(5), *shape) for _ in range(2))
    assert (a.shape, b.shape, a.dtype, b.dtype) == ((m, k), (k, n), np.float16, np.float16)
    assert (a.tobytes(), b.tobytes()) == (c.tobytes(), d.tobytes())


@pytest.mark.parametrize("pattern", [None, (2, 8)])
@pytest.mark.parametrize("seed", range(4))
def test_edges_reach_ties_subnormals_zeros_and_overflow(seed, pattern):
    a, b = edges(np.random.default_rng(seed), 9, 40, 18)
    if pattern:
        b = np.where(nm_mask(b, *pattern), b, np.float16(0))
    c = gemm(a, b)
    half = to_fp16(c)
    exact = half.astype(np.float32)
    beyond = c.view(np.uint32) & 0x1FFF  # the bits that a normal FP16 drops
    assert (np.isinf(half) & np.isfinite(c)).any() and (c == 0).sum() > 3
    assert ((half != 0) & (np.abs(exact) < 2.0**-14)).any()
    assert ((beyond == 0x1000) & np.isfinite(half) & (np.abs(exact) >= 2.0**-14)).any()
    assert np.isfinite(a).all() and np.isfinite(b).all()


def test_special_values_stand_at_every_place_of_a_group():
    a, b = special(np.random.default_rng(1), 16, 64, 40)
    rows, places = np.nonzero(np.isinf(a))
    assert list(rows) == list(range(16)) and set(places % 16) == set(range(16))
    assert np.isnan(b).any(axis=0).sum() == 10 and (b == 0).any()
