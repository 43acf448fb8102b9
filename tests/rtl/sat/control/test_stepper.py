"""stepper: the loops of tile after tile, step by step."""

import pytest

from rtl.sat.bundles import Position
from rtl.sat.config import SatConfig
from rtl.sat.control.stepper import stepper
from tests.support.script import play

OUTPUTS = tuple(f"at_{name}" for name in vars(Position(SatConfig(rows=1, columns=1))))
CONFIGS = [SatConfig(rows=1, columns=1, interleave=interleave, chunk=16) for interleave in (1, 4, 6)]
every_config = pytest.mark.parametrize("config", CONFIGS, ids=["1", "4", "6"])


def device(build, config):
    return build(stepper, config=config)


def random_counts(rng):
    return dict(
        groups=rng.choice([1, 1, 2, 5]), kept_per_group=rng.randrange(1, 5), kept_in_last_group=rng.randrange(1, 5)
    )


def expected_steps(config, counts):
    """All outputs in each step of a tile: three nested loops."""
    steps = []
    for group in range(counts["groups"]):
        values = counts["kept_in_last_group" if group == counts["groups"] - 1 else "kept_per_group"]
        for value in range(values):
            for place in range(config.turn):
                ends = place == config.turn - 1
                last = value == values - 1
                steps.append(
                    dict(
                        at_active=1,
                        at_opening=int(group == value == 0),
                        at_place=place,
                        at_value=value,
                        at_last_value=int(last),
                        at_turn_end=int(ends),
                        at_group_end=int(ends and last),
                        at_last=0,
                    )
                )
    steps[-1]["at_last"] = 1
    return steps


def started(counts):
    """Script entries that start a tile; the counts hold for that cycle only."""
    return [dict(start=1, **{f"loops_{name}": count for name, count in counts.items()})]


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
    assert sum(step["at_last"] for step in expected) == 12


@every_config
def test_the_first_step_comes_a_cycle_after_the_start_and_none_after_the_last(build, rng, config):
    counts = random_counts(rng)
    length, pause = len(expected_steps(config, counts)), 3
    entries = [{}] * 4 + started(counts) + [{}] * (length + pause) + started(counts) + [{}] * (length + pause)
    got = play(device(build, config), entries, "at_active", "at_turn_end", "at_group_end", "at_last")
    tile = [1] * length
    assert got["at_active"][: len(entries)] == [0] * 5 + tile + [0] * (pause + 1) + tile + [0] * pause
    assert sum(got["at_last"]) == 2
    assert not [i for name in got for i, word in enumerate(got[name]) if word and not got["at_active"][i]]


@every_config
def test_reset_ends_a_tile_and_the_next_one_is_whole(build, rng, config):
    counts = dict(groups=3, kept_per_group=2, kept_in_last_group=1)
    steps = expected_steps(config, counts)
    for after in (1, config.turn, len(steps)):
        entries = started(counts) + [{}] * (after - 1) + [dict(rst=1)] + started(counts) + [{}] * len(steps)
        got = play(device(build, config), entries, *OUTPUTS)
        assert got["at_active"][after + 1] == 0
        assert [{name: got[name][after + 2 + i] for name in OUTPUTS} for i in range(len(steps))] == steps
