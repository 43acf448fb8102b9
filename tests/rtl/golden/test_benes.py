"""The Benes network: every small multicast is routed, and larger ones with few and with many sources."""

from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.golden import benes
from rtl.golden.benes import distribute, route
from rtl.sigma.distribution.benes_network import settings_bits
from tests.support.properties import few


def delivers(sources) -> bool:
    """Whether the routed network brings each output the input that it wants."""
    got = distribute(range(1, len(sources) + 1), route(sources))
    return all(source is None or value == source + 1 for source, value in zip(sources, got, strict=True))


@st.composite
def multicasts(draw):
    """Sources for 2 to 128 outputs, of all inputs or of a few, and outputs without one."""
    lanes = 1 << draw(st.integers(1, 7))
    pool = draw(st.lists(st.integers(0, lanes - 1), min_size=1, max_size=draw(st.sampled_from([2, 3, lanes]))))
    return draw(st.lists(st.sampled_from([*pool, None]), min_size=lanes, max_size=lanes))


@pytest.mark.parametrize("lanes", [2, 4])
def test_every_multicast_with_or_without_each_output_is_delivered(lanes):
    cases = list(product([None, *range(lanes)], repeat=lanes))
    assert [case for case in cases if not delivers(case)] == []
    assert len(cases) == (lanes + 1) ** lanes


def test_every_permutation_of_eight_is_delivered():
    cases = list(permutations(range(8)))
    assert [case for case in cases if not delivers(case)] == []
    assert len(cases) == 40320


@pytest.mark.parametrize("lanes, count", [(8, 4000), (16, 1000), (32, 300), (64, 60), (128, 15)])
def test_random_multicasts_with_few_and_with_many_sources_are_delivered(rng, lanes, count):
    pools = [rng.sample(range(lanes), rng.choice([1, 2, 3, lanes // 4, lanes // 2, lanes])) for _ in range(count)]
    cases = [[rng.choice(pool) for _ in range(lanes)] for pool in pools]
    cases += [rng.sample(range(lanes), lanes) for _ in range(count)]
    assert [case for case in cases if not delivers(case)] == []


@pytest.mark.parametrize("lanes", [2, 8, 32, 128])
def test_regular_patterns_are_delivered(lanes):
    stages = lanes.bit_length() - 1
    ports = range(lanes)
    turned = [int(f"{port:0{stages}b}"[::-1], 2) for port in ports]
    rotated = [[port << k & lanes - 1 | port >> stages - k for port in ports] for k in range(stages)]
    shifted = [[(port + k) % lanes for port in ports] for k in range(0, lanes, max(1, lanes // 8))]
    spread = [[port >> k for port in ports] for k in range(stages + 1)]
    packed = [[(port << k) % lanes for port in ports] for k in range(stages + 1)]
    cases = [turned, list(reversed(ports)), *rotated, *shifted, *spread, *packed]
    assert [case for case in cases if not delivers(case)] == []


@few(100)
@given(multicasts())
def test_any_multicast_is_delivered(sources):
    assert delivers(sources)


def test_the_paper_s_walk_through_is_delivered():
    tables = [[None, 1, 0, None], [1, 2, None, 2]]  # the first column: sources of the two engines' destinations
    assert [delivers(table) for table in tables] == [True, True]


@pytest.mark.parametrize("lanes", [2, 16, 128])
def test_without_a_set_bit_each_value_goes_straight_on(lanes):
    assert distribute(range(lanes), 0) == list(range(lanes))


def test_a_set_bit_takes_the_cross_input():
    """Two ports, by hand: bits 0 to 3 and 4 to 7 are of levels whose cross wires change sides, 8 and 9 of the last."""
    assert [distribute([5, 7], 1 << bit) for bit in range(10)] == [
        [0, 7],
        [5, 7],
        [5, 0],
        [5, 7],
        [7, 7],
        [5, 7],
        [5, 5],
        [5, 7],
        [7, 7],
        [5, 5],
    ]
    assert distribute([5, 7], 1 << 8 | 1 << 7) == [5, 7]  # over both cross wires and back
    assert distribute([5, 7], 1 << 8 | 1 << 7 | 1 << 1) == [0, 7]  # the first level has no cross input


def test_settings_are_the_same_for_the_same_sources():
    sources = [3, 1, 4, 1, 5, None, 2, 6]
    settings = route(sources)
    benes._settings.cache_clear()
    assert route(tuple(sources)) == settings < 1 << settings_bits(8)


@pytest.mark.parametrize("lanes", [0, 1, 3, 12, 256])
def test_another_number_of_ports_is_refused(lanes):
    with pytest.raises(ValueError, match=f"^a Benes network has a power of two of ports from 2 to 128, not {lanes}$"):
        route([0] * lanes)
    with pytest.raises(ValueError, match=f"from 2 to 128, not {lanes}$"):
        distribute([0] * lanes, 0)


@pytest.mark.parametrize("source", [-1, 4])
def test_a_source_that_is_no_input_is_refused(source):
    with pytest.raises(ValueError, match=f"^a source of 4 ports is an input from 0 to 3, not {source}$"):
        route([0, source, None, 1])


@pytest.mark.parametrize("settings", [-1, 1 << 36])
def test_settings_of_another_width_are_refused(settings):
    with pytest.raises(ValueError, match=f"^the settings of 4 ports are a word of 36 bits, not {settings:#x}$"):
        distribute([0] * 4, settings)


def test_a_search_that_does_not_end_is_given_up_with_its_sources(monkeypatch):
    monkeypatch.setattr(benes, "TRIES", 0)
    benes._settings.cache_clear()
    with pytest.raises(RuntimeError, match=r"^no route was found in 0 tries for the sources \(1, 0\)$"):
        route([1, 0])
