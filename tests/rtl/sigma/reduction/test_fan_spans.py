"""fan_spans against the partitions from which its inputs are made."""

import pytest

from rtl.sigma.reduction.fan_spans import fan_spans
from tests.support.fan import cut, partition, renamed, spans_of
from tests.support.update import packed


def answers(compute, rng, partitions, id_bits):
    lanes = len(partitions[0])
    vectors = [
        (
            packed([rng.randrange(lanes) if name is None else name for name in runs], id_bits),
            packed([name is not None for name in runs], 1),
        )
        for runs in partitions
    ]
    return compute(fan_spans, fan_spans.ports(lanes, id_bits), vectors, 0, lanes=lanes, id_bits=id_bits)


def test_every_partition_of_8_lanes(compute, rng):
    partitions = [renamed(rng, cut(8, cuts), idle) for cuts in range(128) for idle in (0, 0.3)]
    assert answers(compute, rng, partitions, 3) == [spans_of(runs) for runs in partitions]
    assert len(partitions) == 256


@pytest.mark.parametrize("lanes, id_bits", [(2, 1), (4, 7), (16, 4), (128, 7)])
def test_random_partitions_with_idle_lanes(compute, rng, lanes, id_bits):
    partitions = [partition(rng, lanes) for _ in range(60)]
    assert answers(compute, rng, partitions, id_bits) == [spans_of(runs) for runs in partitions]
