"""The golden update against double precision that is rounded after each operation, and against exact fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.golden import Rates, sgd
from tests.support import floats, update
from tests.support.properties import few

COUNT = 100_000
TINY, LARGEST = Fraction(2) ** -149, Fraction(2**24 - 1) * Fraction(2) ** 104


def bits(x: np.ndarray) -> list[int]:
    return x.view(np.uint32).tolist()


def rounded(exact: np.ndarray) -> np.ndarray:
    """Double precision holds a product of two FP32 numbers exactly, and a sum well enough to be rounded once more."""
    return exact.astype(np.float32).astype(np.float64)


def in_doubles(w, v, g, rates: Rates) -> tuple[np.ndarray, np.ndarray]:
    """(weights, velocities), every NaN canonical, with constants that are rounded here, too."""
    lr, mu, wd = (np.float64(np.float32(x)) for x in (rates.lr, rates.momentum, rates.weight_decay))
    with np.errstate(all="ignore"):
        unscale = rounded(1 / np.float64(np.float32(rates.scale)))
        w, v, g = (x.astype(np.float64) for x in (w, v, g))
        pull = rounded(rounded(g * unscale) + rounded(wd * w))
        push = rounded(rounded(mu * v) + pull)
        new = rounded(w - rounded(lr * push))
    return floats.canonical(new.astype(np.float32)), floats.canonical(push.astype(np.float32))


def assert_equal(w, v, g, rates):
    new_w, new_v = sgd(w, v, g, rates)
    want_w, want_v = in_doubles(w, v, g, rates)
    assert new_w.dtype == new_v.dtype == np.float32 and new_w.shape == new_v.shape == w.shape
    assert (new_w.view(np.uint32) != want_w).sum() == (new_v.view(np.uint32) != want_v).sum() == 0
    return new_w, new_v


@pytest.mark.parametrize("kind", update.NUMBERS)
@pytest.mark.parametrize("rates", update.RATES, ids=str)
def test_a_hundred_thousand_updates_are_what_doubles_say(rng, kind, rates):
    numbers = floats.numpy_of(rng)
    w, v, g = (update.NUMBERS[kind](numbers, (COUNT // 10, 10)) for _ in range(3))
    new_w, _ = assert_equal(w, v, g, rates)
    assert new_w.size == COUNT and np.isfinite(new_w).mean() > 0.3
    assert (new_w != w).mean() > 0.1


@pytest.mark.parametrize(
    "constants",
    [
        (1e-45, 0.0, 0.0, 1.0),
        (0.0, 0.9, 0.1, 3e38),
        (np.inf, 0.9, 0.0, 1.0),
        (0.1, np.nan, 0.0, 1.0),
        (-0.1, -0.9, -1e-3, -2.0),
        (0.0, 0.0, 0.0, np.inf),
        (3e38, 0.0, 1.0, 1e-38),
        (0.1, 0.0, 0.0, 0.0),
    ],
    ids=str,
)
def test_constants_of_any_size_and_class_too(rng, constants):
    numbers = floats.numpy_of(rng)
    assert_equal(*(update.classes(numbers, (500, 20)) for _ in range(3)), Rates(*constants))


@pytest.mark.parametrize("rates", [Rates(0.1, 0.9, 5e-4, 1024.0), Rates(1.0), Rates(1.0, 1.0, 1.0, 1.0)], ids=str)
def test_every_class_of_weight_velocity_and_gradient_with_every_other(rates):
    every = np.array(floats.FP32_CLASSES, np.uint32).view(np.float32)
    w, v, g = (np.ascontiguousarray(x) for x in np.meshgrid(every, every, every))
    new_w, new_v = assert_equal(w, v, g, rates)
    assert new_w.size == 34**3
    for new in (new_w, new_v):
        nan = np.isnan(new)
        assert set(bits(new[nan])) == {0x7FC00000} and nan.sum() > 1000


def nearest(exact: Fraction) -> Fraction:
    """The FP32 number nearest to a fraction, ties to even, without any float."""
    magnitude = abs(exact)
    place = TINY
    while magnitude >= place * 2**24:
        place *= 2
    whole, rest = divmod(magnitude, place)
    whole += rest * 2 > place or (rest * 2 == place and whole % 2 == 1)
    assert whole * place <= LARGEST, "the cases are drawn so that nothing overflows"
    return whole * place * (1 if exact >= 0 else -1)


singles = st.floats(-(2.0**30), 2.0**30, width=32)
constants = st.floats(0, 2.0**10, width=32)


@few(150)
@given(singles, singles, singles, constants, constants, constants, st.floats(2.0**-20, 2.0**20, width=32))
def test_finite_updates_are_what_fractions_say(w, v, g, lr, mu, wd, scale):
    new_w, new_v = sgd(*(np.array([x], np.float32) for x in (w, v, g)), Rates(lr, mu, wd, scale))
    w, v, g, lr, mu, wd, scale = map(Fraction, (w, v, g, lr, mu, wd, scale))
    pull = nearest(nearest(g * nearest(1 / scale)) + nearest(wd * w))
    push = nearest(nearest(mu * v) + pull)
    assert Fraction(float(new_v[0])) == push
    assert Fraction(float(new_w[0])) == nearest(w - nearest(lr * push))


def test_constants_are_rounded_once_before_they_are_used():
    rates = Rates(0.1, 0.9, 5e-4, 3.0)
    assert all(type(constant) is np.float32 for constant in rates.constants)
    unscale, wd, mu, lr = (Fraction(float(constant)) for constant in rates.constants)
    assert (wd, mu, lr) == tuple(nearest(Fraction(x)) for x in (5e-4, 0.9, 0.1))
    assert unscale == nearest(1 / nearest(Fraction(3.0)))
    third = Rates(0.1, scale=0.1).constants[0]  # 1 / float32(0.1) is not float32(10)
    assert Fraction(float(third)) == nearest(1 / nearest(Fraction(0.1)))


def test_an_update_by_hand():
    # g' = 8 / 4 + 0.5 * 4 = 4; v = 0.5 * 2 + 4 = 5; w = 4 - 0.25 * 5 = 2.75
    one = [np.array([[x]], np.float32) for x in (4, 2, 8)]
    new_w, new_v = sgd(*one, Rates(0.25, 0.5, 0.5, 4.0))
    assert (new_w.tolist(), new_v.tolist()) == ([[2.75]], [[5.0]])


def test_each_operation_is_rounded_so_that_no_other_order_gives_the_same(rng):
    w, v, g = (update.normal(floats.numpy_of(rng), (1000, 10)) for _ in range(3))
    rates = Rates(0.1, 0.9, 5e-4, 3.0)
    new_w, _ = sgd(w, v, g, rates)
    wide = [x.astype(np.float64) for x in (w, v, g)]
    fused = wide[0] - 0.1 * (0.9 * wide[1] + wide[2] / 3 + 5e-4 * wide[0])
    divided = w - np.float32(0.1) * (np.float32(0.9) * v + (g / np.float32(3) + np.float32(5e-4) * w))
    for other in (fused.astype(np.float32), divided):
        assert (new_w != other).sum() > 100


def test_the_given_arrays_stay_as_they_are_and_need_not_be_contiguous(rng):
    w, v, g = (update.normal(floats.numpy_of(rng), (20, 10)) for _ in range(3))
    before = [x.copy() for x in (w, v, g)]
    turned = sgd(w.T[::2], v.T[::2], g.T[::2], update.RATES[0])
    straight = sgd(w, v, g, update.RATES[0])
    assert all(np.array_equal(a, b) for a, b in zip((w, v, g), before, strict=True))
    for one, other in zip(turned, straight, strict=True):
        assert bits(np.ascontiguousarray(one.T)) == bits(np.ascontiguousarray(other[:, ::2]))
