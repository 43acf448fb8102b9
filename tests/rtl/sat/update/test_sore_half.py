"""sore_half: eight elements in; four better_half with their ranks out, a cycle later."""

import pytest

from rtl.sat import layouts
from rtl.sat.update.sore_half import sore_half
from tests.support import sore

LATENCY = 1


def better_half(values, size):
    """The best half of each `size` elements, ranked by Python's sort, packed as the unit does."""

    def order(index):
        return -min(values[index] & 0x7FFF, 0x7C01), index

    ranks = {}
    for start in range(0, 8, size):
        ranked = sorted(range(start, start + size), key=order)
        ranks |= {index: rank for rank, index in enumerate(ranked[: size // 2])}
    layout = layouts.sore_candidate()
    return sum(
        layout.pack(value=values[index], index=index, rank=ranks[index], unbeaten=values[index] & 0x7FFF > 0x7C00)
        << layout.width * place
        for place, index in enumerate(sorted(ranks))
    )


def joined(values):
    return sum(value << 16 * k for k, value in enumerate(values))


@pytest.mark.parametrize("size", [4, 8])
def test_the_better_half_goes_on_in_order_of_index_with_its_ranks(compute, rng, size):
    cases = [sore.elements(rng, 8) for _ in range(1500)]
    got = compute(sore_half, sore_half.ports(), [(1, joined(case), size == 4) for case in cases], LATENCY)
    assert got == [better_half(case, size) for case in cases]
    assert len(got) == 1500


def test_the_candidates_of_a_word_stand_until_those_of_the_next(compute, rng):
    cases = [sore.elements(rng, 8) for _ in range(200)]
    valid = [True, *(rng.random() < 1 / 2 for _ in cases[1:])]
    got = compute(
        sore_half, sore_half.ports(), [(bit, joined(case), 0) for bit, case in zip(valid, cases, strict=True)], LATENCY
    )
    latest = [max(k for k in range(cycle + 1) if valid[k]) for cycle in range(200)]
    assert got == [better_half(cases[k], 8) for k in latest]
    assert 50 < sum(valid) < 150
