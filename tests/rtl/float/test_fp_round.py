"""fp_round: exhaustive in a small format, and its borders in the two that are used."""

from itertools import product

import pytest

from rtl.float import fp_round as unit
from rtl.golden import fp_round as golden


def answers(compute, vectors, exponent_bits, fraction_bits):
    sizes = dict(exponent_bits=exponent_bits, fraction_bits=fraction_bits)
    return compute(unit.fp_round, unit.ports(**sizes), vectors, 0, **sizes)


def test_every_word_of_a_small_format_is_rounded_as_golden_says(compute):
    vectors = list(product(range(1 << 7), (0, 1), (0, 1)))
    assert answers(compute, vectors, 3, 4) == [golden(*vector, 3, 4) for vector in vectors]
    assert len(vectors) == 512


@pytest.mark.parametrize("exponent_bits, fraction_bits", [(5, 10), (8, 23)])
def test_the_borders_of_a_format_are_rounded_as_golden_says(compute, rng, exponent_bits, fraction_bits):
    infinity = ((1 << exponent_bits) - 1) << fraction_bits
    one_binade = 1 << fraction_bits
    near = [x + d for x in (one_binade, 2 * one_binade, infinity) for d in (-2, -1, 0, 1, 2)] + [0, 1, 2]
    words = near + [rng.randrange(infinity) for _ in range(300)]
    vectors = list(product(words, (0, 1), (0, 1)))
    assert answers(compute, vectors, exponent_bits, fraction_bits) == [
        golden(*vector, exponent_bits, fraction_bits) for vector in vectors
    ]
