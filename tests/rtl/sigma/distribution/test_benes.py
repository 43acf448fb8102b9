"""benes: a network of each size does what golden says, with routed settings and with any others."""

from itertools import product

import pytest

from rtl.golden.benes import distribute, route
from rtl.hdl.hierarchy import write_verilog
from rtl.hdl.stream import bus
from rtl.sigma.distribution.benes import benes
from rtl.sigma.distribution.benes_network import settings_bits

LATENCY = 0
BITS = 17


def packed(values, bits):
    return sum(value << bits * k for k, value in enumerate(values))


def answers(compute, rng, words, lanes, bits=BITS):
    """What leaves with each word of settings, and what golden says, for random values."""
    cases = [([rng.getrandbits(bits) for _ in range(lanes)], word) for word in words]
    got = compute(
        benes,
        benes.ports(lanes, bits),
        [(packed(values, bits), word) for values, word in cases],
        LATENCY,
        lanes=lanes,
        bits=bits,
    )
    assert len(got) == len(words)
    return got, [packed(distribute(*case), bits) for case in cases]


def multicast(rng, lanes):
    """Sources of all outputs, or of most: of a few inputs, or of many."""
    pool = rng.sample(range(lanes), rng.choice([1, 2, lanes // 2, lanes]))
    idle = [None] * rng.choice([0, len(pool)])
    return [rng.choice([*pool, *idle]) for _ in range(lanes)]


@pytest.mark.parametrize("lanes", [2, 4])
def test_every_multicast_arrives(compute, rng, lanes):
    cases = list(product(range(lanes), repeat=lanes))
    values = [[rng.getrandbits(BITS) for _ in range(lanes)] for _ in cases]
    vectors = [(packed(value, BITS), route(case)) for value, case in zip(values, cases, strict=True)]
    got = compute(benes, benes.ports(lanes, BITS), vectors, LATENCY, lanes=lanes, bits=BITS)
    assert got == [packed([value[source] for source in case], BITS) for value, case in zip(values, cases, strict=True)]
    assert len(got) == lanes**lanes


@pytest.mark.parametrize("lanes, count", [(8, 5000), (16, 1000), (32, 200), (64, 50), (128, 20)])
def test_random_multicasts_arrive_as_golden_says(compute, rng, lanes, count):
    got, expected = answers(compute, rng, [route(multicast(rng, lanes)) for _ in range(count)], lanes)
    assert got == expected


@pytest.mark.parametrize(
    "lanes, bits, count", [(2, 1, 1000), (4, 3, 1000), (8, BITS, 2000), (16, 32, 300), (128, 1, 20)]
)
def test_any_settings_do_what_golden_says(compute, rng, lanes, bits, count):
    words = [rng.getrandbits(settings_bits(lanes)) for _ in range(count)]
    got, expected = answers(compute, rng, words, lanes, bits)
    assert got == expected


@pytest.mark.parametrize("lanes", [4, 16])
def test_every_single_bit_of_the_settings_has_its_place(compute, rng, lanes):
    every = (1 << settings_bits(lanes)) - 1
    words = [word for bit in range(settings_bits(lanes)) for word in (1 << bit, every ^ 1 << bit)]
    got, expected = answers(compute, rng, words, lanes)
    assert got == expected


def test_settings_of_another_width_are_refused():
    with pytest.raises(ValueError, match="^the settings of 8 ports have 104 bits, not 36$"):
        benes(**benes.ports(8, BITS) | dict(settings=bus(36)), lanes=8, bits=BITS)
    with pytest.raises(ValueError, match="^a Benes network has a power of two of ports from 2 to 128, not 6$"):
        benes(**benes.ports(8, BITS), lanes=6, bits=BITS)


def test_its_verilog_has_a_module_for_each_distance_and_is_short(tmp_path):
    files = write_verilog(tmp_path, benes, lanes=128, bits=BITS)
    assert list(files) == [*(f"benes_level_128_17_{1 << t}" for t in range(7)), "benes_128_17"]
    assert sum(path.read_text().count("\n") for path in files.values()) < 2000
