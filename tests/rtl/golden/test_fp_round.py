"""The golden rounding, against exact fractions."""

from fractions import Fraction
from itertools import product

from rtl.golden import fp_round


def nearest_even(exact: Fraction, largest: int) -> int:
    return min(round(exact), largest)  # Python rounds a Fraction to nearest, ties to even


def test_every_word_of_a_small_format_goes_to_the_nearest_and_a_tie_to_the_even_one():
    infinity = 7 << 4
    cases = list(product(range(infinity), (0, 1), (0, 1)))
    for word, guard, sticky in cases:
        exact = word + Fraction(guard, 2) + Fraction(sticky, 5)
        assert fp_round(word, guard, sticky, 3, 4) == nearest_even(exact, infinity), (word, guard, sticky)
    assert len(cases) == 448


def test_from_infinity_on_it_is_infinity():
    for word, guard, sticky in product(range(7 << 4, 1 << 7), (0, 1), (0, 1)):
        assert fp_round(word, guard, sticky, 3, 4) == 7 << 4
