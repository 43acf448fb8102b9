"""fan_control: of every partition each adder that adds."""

import pytest

from rtl.sigma.reduction.fan_control import fan_control
from tests.support.fan import cut, partition, renamed, spans_of
from tests.support.update import packed


def expected(runs, level):
    """`adds` of one level's adders."""
    places = range((1 << level) - 1, len(runs) - 1, 2 << level)
    return packed([runs[a] == runs[a + 1] is not None for a in places], 1)


def check(compute, partitions, level):
    lanes = len(partitions[0])
    ports = fan_control.ports(level, lanes)
    got = compute(fan_control, ports, [(spans_of(runs),) for runs in partitions], 0, level=level, lanes=lanes)
    assert got == [expected(runs, level) for runs in partitions]


@pytest.mark.parametrize("level", range(3))
def test_every_partition_of_8_lanes(compute, rng, level):
    check(compute, [renamed(rng, cut(8, cuts), idle) for cuts in range(128) for idle in (0, 0.3)], level)


@pytest.mark.parametrize("lanes, level", [(2, 0), (16, 0), (16, 3), (128, 1), (128, 5), (128, 6)])
def test_random_partitions_with_idle_lanes(compute, rng, lanes, level):
    check(compute, [partition(rng, lanes) for _ in range(60)], level)
