"""fan_choice against the paper's Algorithm 1, which compares vecIDs at every distance."""

import pytest

from rtl.sigma import layouts
from rtl.sigma.reduction.fan_choice import fan_choice
from tests.support.fan import cut, partition, renamed, spans_of, together


def algorithm_1(runs, adder, level):
    """(left, right): the first j whose lane is of another run names the j-th wire from the middle, else the last."""
    left = next((j for j in range(1, level) if not together(runs, adder - 2**j, adder)), level)
    right = next((j for j in range(1, level) if not together(runs, adder + 1, adder + 1 + 2**j)), level)
    return left - 1, right - 1


def check(compute, partitions, level):
    lanes, f = len(partitions[0]), layouts.choice(level)
    places = range((1 << level) - 1, lanes - 1, 2 << level)
    ports, vectors = fan_choice.ports(level, lanes), [(spans_of(runs),) for runs in partitions]
    got = compute(fan_choice, ports, vectors, 0, level=level, lanes=lanes)
    compared = 0
    for runs, choices in zip(partitions, got, strict=True):
        for k, a in enumerate(places):
            if runs[a] is not None and runs[a + 1] is not None:  # of others nobody wants anything
                found = f.unpack(choices >> f.width * k & (1 << f.width) - 1)
                assert (found["left"], found["right"]) == algorithm_1(runs, a, level)
                compared += 1
    return compared


@pytest.mark.parametrize("level", [2, 3])
def test_partitions_of_16_lanes_of_every_kind(compute, rng, level):
    cuts = rng.sample(range(1 << 15), 2_000)
    assert check(compute, [renamed(rng, cut(16, chosen), 0.1) for chosen in cuts], level) > 1_000


@pytest.mark.parametrize("lanes, level", [(8, 2), (32, 4), (64, 5), (128, 2), (128, 6)])
def test_random_partitions_with_idle_lanes(compute, rng, lanes, level):
    assert check(compute, [partition(rng, lanes) for _ in range(100)], level) > 20
