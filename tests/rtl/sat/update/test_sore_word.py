"""sore_word: whole words in, and all their groups out two cycles later."""

import functools
import operator
from itertools import combinations

import pytest

from rtl.sat import timing
from rtl.sat.config import SatConfig
from rtl.sat.update.sore_word import sore_word
from tests.support import sore
from tests.support.script import play

# chances of a cycle without a word
PAUSES = {"none": 0, "rare": 1 / 10, "often": 1 / 2}


def config_of(largest_m):
    return SatConfig(rows=1, columns=1, largest_m=largest_m, chunk=16)


def script(rng, config, n, m, lines, pause=0.0):
    """Script entries for words of one pattern, and {cycle: kept}. Anything stands on `word` when it is not valid."""
    entries, expected = [], {}
    for values in lines:
        while rng.random() < pause:
            entries.append(dict(word=rng.getrandbits(16 * config.largest_m), n=n, m=m))
        expected[len(entries) + timing.SORE_WORD] = sore.answer(config, values, n, m)
        entries.append(dict(valid=1, word=sum(value << 16 * k for k, value in enumerate(values)), n=n, m=m))
    return [*entries, dict(n=n, m=m)], expected


def joined(scripts):
    """Scripts one after the other."""
    entries, expected = [], {}
    for more, kept in scripts:
        expected |= {len(entries) + cycle: word for cycle, word in kept.items()}
        entries += more
    return entries, expected


def results(build, config, entries):
    """{cycle: kept} for each cycle in which done stands."""
    got = play(build(sore_word, config=config), entries, "done", "kept")
    assert None not in got["done"]
    return {cycle: got["kept"][cycle] for cycle, done in enumerate(got["done"]) if done}


@pytest.mark.parametrize("pause", PAUSES)
@pytest.mark.parametrize("largest_m", [4, 8, 16])
def test_each_word_stands_two_cycles_later_and_only_then(build, rng, largest_m, pause):
    config = config_of(largest_m)
    scripts = [
        script(rng, config, n, m, [sore.elements(rng, largest_m) for _ in range(50)], PAUSES[pause])
        for n, m in sore.patterns(largest_m)
    ]
    entries, expected = joined(scripts)
    assert results(build, config, entries) == expected
    assert len(expected) == 50 * len(scripts) >= 100


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize(
    "magnitudes",
    [[0x0000, 0x03FF, 0x3C00, 0x7BFF], [0x0000, 0x0001, 0x7C00, 0x7C01, 0x7FFF]],
    ids=["finite", "special"],
)
def test_every_order_of_four_with_every_tie_in_every_group(build, rng, magnitudes, n):
    config, groups = config_of(16), sore.every_order(magnitudes, rng)
    # each group of four meets each of the four places
    lines = [
        functools.reduce(operator.iadd, (groups[(k + place * 7) % len(groups)] for place in range(4)), [])
        for k in range(len(groups))
    ]
    entries, expected = script(rng, config, n, 4, lines)
    assert results(build, config, entries) == expected
    assert len(expected) == len(magnitudes) ** 4


@pytest.mark.parametrize("n, m", [(4, 8), (2, 8), (1, 8), (4, 16), (2, 16), (1, 16)])
def test_whichever_places_hold_the_largest_they_move_together(build, rng, n, m):
    config, choices = config_of(16), list(combinations(range(m), n))
    lines = []
    for choice in choices[:: 1 + len(choices) // 500]:
        values = [rng.randrange(0x3C00) for _ in range(16)]
        for k in range(16):
            values[k] |= (k % m in choice) << 14 | rng.getrandbits(1) << 15
        lines.append(values)
    entries, expected = script(rng, config, n, m, lines)
    assert results(build, config, entries) == expected
    assert len(expected) >= min(len(choices), 400)


def test_a_reset_forgets_the_words_in_flight_and_those_that_come_with_it(build, rng):
    config, n, m, flight = config_of(8), 2, 8, range(timing.SORE_WORD)
    resets = [rng.random() < 1 / 5 for _ in range(300)]
    entries, expected = script(rng, config, n, m, [sore.elements(rng, 8) for _ in resets])
    entries = [{**entry, "rst": rst} for entry, rst in zip(entries, [*resets, False], strict=True)]
    lost = {cycle + timing.SORE_WORD for cycle in range(300) if any(resets[cycle : cycle + len(flight)])}
    assert results(build, config, entries) == {cycle: word for cycle, word in expected.items() if cycle not in lost}
    assert 50 < len(lost) < 250
