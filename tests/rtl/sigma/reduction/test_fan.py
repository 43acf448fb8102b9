"""fan against its golden: a partition each cycle, each with other runs, and all its sums after the promised latency."""

import random

import numpy as np
import pytest

from rtl import timing
from rtl.golden import fan as golden
from rtl.golden.fan import slots
from rtl.hdl.hierarchy import write_verilog
from rtl.sigma.reduction import fan as unit
from rtl.sigma.timing import fan as latency  # of levels
from tests.support import floats
from tests.support.fan import KINDS, cut, partition, renamed
from tests.support.lint import complaints
from tests.support.update import packed

COUNT = {
    "myhdl": {2: 200, 4: 200, 8: 256, 16: 60, 32: 16, 64: 5, 128: 3},
    "icarus": {2: 2000, 4: 2000, 8: 4096, 16: 4000, 32: 1500, 64: 600, 128: 250},
}


def id_bits(lanes):
    """As few as tell all lanes apart: so the vecID of a gap, which is random, is often that of a run."""
    return lanes.bit_length() - 1


def vector(rng, products, runs):
    """Inputs of a partition. An idle lane has its neighbour's vecID or any, and a product that nobody wants."""
    names = list(runs)
    for lane, name in enumerate(names):
        if name is None:
            names[lane] = names[lane - 1] if lane and rng.random() < 1 / 2 else rng.randrange(len(runs))
    active = [name is not None for name in runs]
    return packed(products.view(np.uint32), 32), packed(names, id_bits(len(runs))), packed(active, 1)


def check(compute, rng, partitions):
    """Send the partitions, one a cycle, with products of all kinds; compare what comes with the golden's sums."""
    lanes, numbers = len(partitions[0]), floats.numpy_of(rng)
    products = [KINDS[rng.choice(list(KINDS))](numbers, lanes).astype(np.float32) for _ in partitions]
    vectors = [vector(rng, *pair) for pair in zip(products, partitions, strict=True)]
    answers = compute(
        unit.fan,
        unit.ports(lanes, id_bits(lanes)),
        vectors,
        latency(lanes.bit_length() - 1),
        lanes=lanes,
        id_bits=id_bits(lanes),
    )
    compared = 0
    for sums, product, runs in zip(answers, products, partitions, strict=True):
        want, _ = golden(product, runs)
        for run in slots(runs):
            assert sums >> 32 * run.slot & 0xFFFFFFFF == want.view(np.uint32)[run.slot], (runs, run)
            compared += 1
    return compared


def test_every_partition_of_8_lanes_in_any_order(compute, simulator, rng):
    """With idle lanes between the runs from the second time on."""
    times = COUNT[simulator][8] // 128
    partitions = [renamed(rng, cut(8, cuts), idle=0.2 * (time > 0)) for time in range(times) for cuts in range(128)]
    rng.shuffle(partitions)
    assert check(compute, rng, partitions) >= times * 128 * 3


@pytest.mark.parametrize("lanes", [2, 4, 16, 32, 64, 128])
def test_random_partitions_with_idle_lanes(compute, simulator, rng, lanes):
    count = COUNT[simulator][lanes]
    assert check(compute, rng, [partition(rng, lanes) for _ in range(count)]) > count


def test_one_run_among_empty_partitions_comes_exactly_then(compute, rng):
    """The sum of all lanes, of the last lane, and of the middle ones: the longest way, and the shortest."""
    empty = [None] * 16
    alone = [[0] * 16, [None] * 15 + [3], [None] * 7 + [1, 1] + [None] * 7, [2] + [None] * 15]
    check(compute, rng, [runs for run in alone for runs in (empty, empty, run, empty)])


def test_a_gap_is_never_joined_to_a_run_of_its_id(compute):
    """All lanes have the same vecID, and only `active` tells runs from gaps: such runs are as different as any."""
    rng = random.Random(0)
    products = np.arange(1, 9, dtype=np.float32)
    masks = [rng.getrandbits(8) for _ in range(40)]
    vectors = [(packed(products.view(np.uint32), 32), 0, mask) for mask in masks]
    answers = compute(unit.fan, unit.ports(8, 3), vectors, latency(3), lanes=8, id_bits=3)
    for sums, mask in zip(answers, masks, strict=True):
        runs = [None if not mask >> lane & 1 else (~mask & (1 << lane) - 1).bit_length() for lane in range(8)]
        want, _ = golden(products, runs)
        assert [sums >> 32 * run.slot & 0xFFFFFFFF for run in slots(runs)] == [
            want.view(np.uint32)[run.slot] for run in slots(runs)
        ]


@pytest.mark.parametrize("lanes", [2, 8, 16, 128])
def test_its_verilog_is_short_and_no_tool_complains(tmp_path, lanes):
    files = write_verilog(tmp_path, unit.fan, lanes=lanes, id_bits=id_bits(lanes))
    assert sum(file.read_text().count("\n") for file in files.values()) < 3_000
    for command in (
        ["iverilog", "-g2005", "-Wall", "-t", "null", "-s"],
        ["verilator", "--lint-only", "-Wall", "--top-module"],
    ):
        assert complaints(*command, list(files)[-1], *files.values()) == ""


@pytest.mark.parametrize("lanes", [1, 3, 12, 256])
def test_a_bad_number_of_lanes_is_refused(lanes):
    with pytest.raises(ValueError, match=rf"^the FAN's lanes must be one of \(2, 4, .*, 128\), not {lanes}$"):
        unit.fan(**unit.ports(4, 2), lanes=lanes, id_bits=2)


def test_the_latency_is_the_one_that_the_model_counts():
    assert [latency(lanes.bit_length() - 1) for lanes in unit.LANES] == [
        level * timing.ACCUMULATE for level in range(1, 8)
    ]
