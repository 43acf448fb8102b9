"""sore_lane: groups in, an element at a time, and the largest of each out one cycle after its last."""

import pytest

from rtl.sat import timing
from rtl.sat.config import SatConfig
from rtl.sat.update.sore_lane import sore_lane
from tests.support import sore
from tests.support.script import play

# chances of a cycle without an element
PAUSES = {"none": 0, "rare": 1 / 10, "often": 1 / 2}


def config_of(largest_m):
    return SatConfig(rows=1, columns=1, largest_m=largest_m, chunk=16)


def script(rng, config, groups, pause=0.0):
    """Script entries for groups (n, m, elements), and {cycle: kept} as they must come out.

    In a cycle without an element anything stands on `value`; between groups anything on `n` and `m` too.
    """
    entries, expected = [], {}
    for n, m, values in groups:
        for number, value in enumerate(values):
            while rng.random() < pause:
                inside = number > 0
                entries.append(
                    dict(
                        value=rng.getrandbits(16),
                        n=n if inside else rng.choice([1, 2, 4]),
                        m=m if inside else rng.choice([4, 8, 16]),
                    )
                )
            entries.append(dict(valid=1, value=value, n=n, m=m))
        expected[len(entries) - 1 + timing.SORE_LANE] = sore.answer(config, values, n, m)
    return entries, expected


def results(build, config, entries):
    """{cycle: kept} for each cycle in which done stands."""
    got = play(build(sore_lane, config=config), entries, "done", "kept")
    assert None not in got["done"]
    return {cycle: got["kept"][cycle] for cycle, done in enumerate(got["done"]) if done}


@pytest.mark.parametrize("pause", PAUSES)
@pytest.mark.parametrize("largest_m", [4, 8, 16])
def test_each_group_stands_one_cycle_after_its_last_element_and_only_then(build, rng, largest_m, pause):
    config = config_of(largest_m)
    groups = [(n, m, sore.elements(rng, m)) for n, m in sore.patterns(largest_m) for _ in range(60)]
    rng.shuffle(groups)
    entries, expected = script(rng, config, groups, PAUSES[pause])
    assert results(build, config, entries) == expected
    assert len(expected) == len(groups) >= 120
    assert (len(entries) == sum(m for _, m, _ in groups)) == (pause == "none")


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize(
    "magnitudes",
    [[0x0000, 0x03FF, 0x3C00, 0x7BFF], [0x0000, 0x0001, 0x7C00, 0x7C01, 0x7FFF]],
    ids=["finite", "special"],
)
def test_every_order_of_four_with_every_tie(build, rng, magnitudes, n):
    config = config_of(4)
    groups = [(n, 4, group) for group in sore.every_order(magnitudes, rng)]
    entries, expected = script(rng, config, groups)
    assert results(build, config, entries) == expected
    assert len(expected) == len(magnitudes) ** 4


def test_elements_in_ascending_and_descending_order_replace_all_or_none(build, rng):
    config = config_of(16)
    rising = [rng.getrandbits(1) << 15 | 0x100 * k for k in range(16)]
    groups = [(4, 16, values) for values in (rising, rising[::-1], [0x7E00] * 16, [0x8000] * 16)]
    entries, expected = script(rng, config, groups)
    got = results(build, config, entries)
    assert got == expected
    width = 16 + 4
    indices = [[word >> width * place + 16 & 15 for place in range(4)] for word in got.values()]
    assert indices == [[12, 13, 14, 15], [0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3]]


def test_a_reset_at_any_element_of_a_group_makes_the_next_one_the_first(build, rng):
    config, entries, expected = config_of(8), [], {}
    for n, m in sore.patterns(8):
        for count in range(1, m + 1):  # the reset comes with the last of `count` elements
            entries += [dict(valid=1, value=0x7BFF, n=n, m=m, rst=number == count - 1) for number in range(count)]
            group = n, m, sore.elements(rng, m)
            more, kept = script(rng, config, [group])
            expected |= {len(entries) + cycle: word for cycle, word in kept.items()}
            entries += more
    assert results(build, config, entries) == expected
    assert len(expected) == 4 + 4 + 8 + 8 + 8
