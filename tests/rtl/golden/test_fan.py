"""The golden network against its definition: a run is cut at its adder of highest level, again and again."""

import numpy as np
import pytest

from rtl.golden import fan
from rtl.golden.fan import slots
from tests.support import floats
from tests.support.fan import KINDS, cut, partition, special

LANES = (2, 4, 8, 16, 32, 64, 128)


def middle(first, last):
    """The adder among first .. last - 1 whose number ends with most 1s."""
    return max(range(first, last), key=lambda a: len(f"0{a:b}") - len(f"0{a:b}".rstrip("1")))


def total(products, first, last):
    """The sum of the lanes first .. last, by the definition."""
    if first == last:
        return products[..., first]
    a = middle(first, last)
    with np.errstate(all="ignore"):
        return total(products, first, a) + total(products, a + 1, last)


def stretches(runs):
    """(first, last) of each run."""
    return [
        (runs.index(name), len(runs) - 1 - runs[::-1].index(name)) for name in dict.fromkeys(runs) if name is not None
    ]


def expected(products, runs):
    """The bits of what fan answers."""
    sums, complete = np.zeros(products.shape, np.uint32), np.zeros(len(runs), bool)
    for first, last in stretches(runs):
        slot = first if first == last else middle(first, last)
        assert not complete[slot]
        complete[slot], sums[..., slot] = True, floats.canonical(total(products, first, last))
    return sums, complete


def check(products, runs):
    (sums, complete), (want, where) = fan(products, runs), expected(products, runs)
    assert sums.dtype == np.float32 and sums.shape == products.shape
    assert np.array_equal(sums.view(np.uint32), want) and np.array_equal(complete, where)


def test_all_partitions_of_16_lanes(rng):
    lanes = 16
    products = special(floats.numpy_of(rng), (6, lanes))
    ends = [(first, last) for first in range(lanes) for last in range(first, lanes)]
    sums = {end: floats.canonical(total(products, *end)) for end in ends}
    slot_of = {(first, last): first if first == last else middle(first, last) for first, last in ends}
    compared = 0
    for cuts in range(1 << lanes - 1):
        runs = cut(lanes, cuts)
        found, (got, complete) = slots(runs), fan(products, runs)
        places = [run.slot for run in found]
        assert places == [slot_of[run.first, run.last] for run in found]
        assert np.flatnonzero(complete).tolist() == sorted(places) == sorted(set(places))
        assert np.array_equal(got.view(np.uint32)[:, places].T, [sums[run.first, run.last] for run in found])
        compared += len(found)
    assert compared == sum((cuts.bit_count() + 1) for cuts in range(1 << 15)) > 250_000


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("kind", KINDS)
def test_random_partitions_with_idle_lanes(rng, lanes, kind):
    numbers = floats.numpy_of(rng)
    for _ in range(40):
        check(KINDS[kind](numbers, (5, lanes)), partition(rng, lanes))


def test_any_leading_dimensions_are_columns(rng):
    numbers = floats.numpy_of(rng)
    runs = partition(rng, 32, 0.2)
    for shape in ((32,), (0, 32), (3, 2, 32), (2, 1, 4, 32)):
        check(special(numbers, shape), runs)
    turned = special(numbers, (32, 7)).T  # no copy that a caller's products could hide behind
    before = turned.tobytes()
    check(turned, runs)
    assert turned.tobytes() == before


def test_the_slots_of_the_papers_walk_through():
    assert slots([None, 0, 1, None]) == ((1, 1, 1), (2, 2, 2))
    assert slots([1, 2, 2, 2]) == ((0, 0, 0), (1, 3, 1))
    assert slots([7] * 8) == ((0, 7, 3),)
    assert slots([3, 3, 3, None, 1, 2, 2, 2]) == ((0, 2, 1), (4, 4, 4), (5, 7, 5))


def test_what_is_nowhere_complete_is_plus_zero_and_a_sum_keeps_its_sign():
    sums, complete = fan(np.array([-0.0, -1, -0.0, -0.0], np.float32), [0, None, 1, 1])
    assert complete.tolist() == [True, False, True, False]
    assert sums.view(np.uint32).tolist() == [1 << 31, 0, 1 << 31, 0]


def test_infinities_and_every_nan():
    odd_nan = np.array([0xFFC01234], np.uint32).view(np.float32)[0]
    products = np.array([np.inf, -np.inf, odd_nan, np.inf, 1, np.float32(3e38), np.float32(3e38), 0], np.float32)
    sums, _ = fan(products, [0, 0, 1, 2, 2, 3, 3, 4])
    assert sums.view(np.uint32)[[0, 2, 3, 5, 7]].tolist() == [0x7FC00000, 0x7FC00000, 0x7F800000, 0x7F800000, 0]


@pytest.mark.parametrize("lanes", [0, 1, 3, 12, 129, 256])
def test_a_bad_number_of_lanes_is_refused(lanes):
    for call in (slots, lambda runs: fan(np.zeros(lanes, np.float32), runs)):
        with pytest.raises(ValueError, match=rf"a power of two from 2 to 128, not {lanes}$"):
            call([0] * lanes)


@pytest.mark.parametrize("runs, name, lane", [([0, 1, 0, 0], 0, 2), ([5, 5, None, 5], 5, 3)])
def test_an_id_that_comes_back_is_refused(runs, name, lane):
    with pytest.raises(ValueError, match=rf"must be consecutive, but ID {name} comes back at lane {lane}$"):
        slots(runs)


@pytest.mark.parametrize("products", [np.zeros(4), np.zeros((8, 4), np.float32).T, np.float32(0)])
def test_products_of_another_type_or_number_are_refused(products):
    with pytest.raises(ValueError, match=r"takes float32 products \(..., 4\) with 4 vecIDs, not float"):
        fan(products, [0, 0, 1, 1])
