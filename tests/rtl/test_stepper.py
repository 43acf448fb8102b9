"""stepper: the loops of tile after tile, step by step."""

import pytest
from myhdl import Signal, intbv

from rtl import words
from rtl.sat_config import SatConfig
from rtl.stepper import stepper
from tests.support.script import play

FLAGS = ("active", "opening", "last_value", "turn_end", "group_end", "last_step")
OUTPUTS = (*FLAGS, "place", "value")
CONFIGS = [SatConfig(rows=1, columns=1, interleave=interleave, chunk=16) for interleave in (1, 4, 6)]
every_config = pytest.mark.parametrize("config", CONFIGS, ids=["1", "4", "6"])


def device(build, config):
    widths = dict(groups=4, values=3, tail=3, place=words.place_bits(config), value=2)
    return build(
        stepper,
        config=config,
        **{name: Signal(bool(0)) for name in ("clk", "rst", "start", *FLAGS)},
        **{name: Signal(intbv(0)[width:]) for name, width in widths.items()},
    )


def random_counts(rng):
    return dict(groups=rng.choice([1, 1, 2, 5]), values=rng.randrange(1, 5), tail=rng.randrange(1, 5))


def expected_steps(config, counts):
    """All outputs in each step of a tile: three nested loops."""
    steps = []
    for group in range(counts["groups"]):
        values = counts["tail"] if group == counts["groups"] - 1 else counts["values"]
        for value in range(values):
            for place in range(config.turn):
                ends = place == config.turn - 1
                last = value == values - 1
                steps.append(
                    dict(
                        active=1,
                        opening=int(group == value == 0),
                        place=place,
                        value=value,
                        last_value=int(last),
                        turn_end=int(ends),
                        group_end=int(ends and last),
                        last_step=0,
                    )
                )
    steps[-1]["last_step"] = 1
    return steps


def started(counts):
    """Script entries that start a tile; the counts hold for that cycle only."""
    return [dict(start=1, **counts)]


@every_config
def test_tiles_follow_each_other_without_a_pause_in_the_order_of_their_loops(build, rng, config):
    tiles = [random_counts(rng) for _ in range(12)]
    entries, expected = [], []
    for counts in tiles:
        steps = expected_steps(config, counts)
        entries += started(counts) + [{}] * (len(steps) - 1)  # the next start is in the last step
        expected += steps
    got = play(device(build, config), entries, *OUTPUTS)
    assert [{name: got[name][1 + i] for name in OUTPUTS} for i in range(len(expected))] == expected
    assert sum(step["last_step"] for step in expected) == 12


@every_config
def test_the_first_step_comes_a_cycle_after_the_start_and_none_after_the_last(build, rng, config):
    counts = random_counts(rng)
    length, pause = len(expected_steps(config, counts)), 3
    entries = [{}] * 4 + started(counts) + [{}] * (length + pause) + started(counts) + [{}] * (length + pause)
    got = play(device(build, config), entries, "active", "turn_end", "group_end", "last_step")
    tile = [1] * length
    assert got["active"][: len(entries)] == [0] * 5 + tile + [0] * (pause + 1) + tile + [0] * pause
    assert sum(got["last_step"]) == 2
    assert not [i for name in got for i, word in enumerate(got[name]) if word and not got["active"][i]]


@every_config
def test_reset_ends_a_tile_and_the_next_one_is_whole(build, rng, config):
    counts = dict(groups=3, values=2, tail=1)
    steps = expected_steps(config, counts)
    for after in (1, config.turn, len(steps)):
        entries = started(counts) + [{}] * (after - 1) + [dict(rst=1)] + started(counts) + [{}] * len(steps)
        got = play(device(build, config), entries, *OUTPUTS)
        assert got["active"][after + 1] == 0
        assert [{name: got[name][after + 2 + i] for name in OUTPUTS} for i in range(len(steps))] == steps
