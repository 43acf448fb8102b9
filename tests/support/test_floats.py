"""The random floats reach the cases that they are drawn for."""

import numpy as np

from tests.support import floats


def test_random_pairs_align_cancel_tie_and_are_subnormal(rng):
    a, b = floats.random_single_pairs(floats.numpy_of(rng), 20_000)
    wide_a, wide_b = (x.view(np.float32).astype(np.float64) for x in (a, b))
    exact = wide_a + wide_b
    with np.errstate(over="ignore"):
        rounded = exact.astype(np.float32)
    gap = np.abs((a >> 23 & 255).astype(int) - (b >> 23 & 255).astype(int))
    assert (gap <= 27).mean() > 0.5
    assert (np.abs(exact) < 2.0**-126).sum() > 200
    cancelled = np.frexp(np.maximum(np.abs(wide_a), np.abs(wide_b)))[1] - np.frexp(exact)[1]
    assert {*range(1, 20)} <= set(cancelled[exact != 0].tolist())
    half_way = np.abs(exact - rounded.astype(np.float64)) * 2 == np.spacing(np.abs(rounded)).astype(np.float64)
    assert half_way.sum() > 50


def test_random_factors_underflow_overflow_tie_and_are_subnormal(rng):
    a, b = floats.random_single_factors(floats.numpy_of(rng), 20_000)
    exact = np.abs(np.prod([x.view(np.float32).astype(np.float64) for x in (a, b)], axis=0))
    with np.errstate(over="ignore"):
        rounded = exact.astype(np.float32)
    assert ((exact > 0) & (exact < 2.0**-126)).sum() > 2_000
    assert ((exact >= 2.0**-126) & (exact < 2.0**-124)).sum() > 200
    assert ((exact > 2.0**127) & np.isfinite(rounded)).sum() > 200 and np.isinf(rounded).sum() > 1_000
    for factor in a, b:
        fractions = factor[(factor >> 23 & 255 == 0) & (rounded >= 2.0**-126)] & 0x7FFFFF
        assert {*range(1, 24)} <= {fraction.bit_length() for fraction in fractions.tolist()}
    exact, rounded = exact[np.isfinite(rounded)], rounded[np.isfinite(rounded)]
    half_way = np.abs(exact - rounded) * 2 == np.spacing(rounded)
    assert (half_way & (rounded < 2.0**-126)).sum() > 20 and (half_way & (rounded >= 2.0**-126)).sum() > 50


def test_the_boundaries_lie_halfway_between_halves():
    boundaries = floats.rounding_boundaries()
    assert len(boundaries) == len(set(boundaries.tolist())) == 2 * 0x7BFF
    assert boundaries[0] == floats.single(2.0**-25)
    assert boundaries[0x7BFE] == floats.single(65488.0)


def test_classes_are_all_different():
    assert len(set(floats.FP16_CLASSES)) == 26
    assert len(set(floats.FP32_CLASSES)) == 34
