"""skew_tracker: where the rows' delay lines stand, and when a tile has come through the last row."""

import pytest

from rtl.sat import layouts, timing
from rtl.sat.config import SatConfig
from rtl.sat.control.skew_tracker import skew_tracker
from tests.support.script import fields, packed, play

CONFIGS = [
    SatConfig(rows=2, columns=3, largest_m=4, chunk=16),
    SatConfig(rows=1, columns=1, interleave=6, chunk=16),
    SatConfig(rows=5, columns=9, interleave=1, largest_m=4, chunk=16),
]
every_config = pytest.mark.parametrize("config", CONFIGS, ids=["2x3", "1x1", "5x9"])


def device(build, config):
    return build(skew_tracker, config=config)


def places(config, got):
    return [fields(layouts.skew_control(config), word) for word in got["edges_skew"]]


@pytest.mark.parametrize("kept", [1, 2, 4])
@every_config
def test_with_stationary_weights_it_goes_around_in_a_groups_steps_less_a_cycle(build, config, kept):
    around = kept * config.turn - 1
    got = places(
        config,
        play(
            device(build, config),
            [dict(running_stationary=1, running_kept_per_group=kept)] * (4 * around),
            "edges_skew",
        ),
    )
    assert all(skew["weights"] for skew in got[: 4 * around])
    assert [skew["place"] for skew in got[1 : 4 * around]] == [(at + 1) % around for at in range(4 * around - 1)]


@every_config
def test_with_stationary_sums_it_stands_at_the_first_place(build, config):
    entries = [dict(running_stationary=1, running_kept_per_group=4)] * (4 * config.turn - 3) + [
        dict(running_kept_per_group=4)
    ] * 6
    got = places(config, play(device(build, config), entries, "edges_skew"))
    assert [skew["weights"] for skew in got[-6 - 20 : -20]] == [0] * 6
    assert got[len(entries) - 6]["place"] > 0 and {skew["place"] for skew in got[len(entries) - 5 :]} == {0}


@every_config
def test_in_reset_it_goes_around_the_whole_delay_line(build, config):
    whole = layouts.KEPT * config.turn
    got = places(config, play(device(build, config), [dict(rst=1)] * (2 * whole + 1), "edges_skew"))
    assert {skew["place"] for skew in got[: 2 * whole]} == set(range(whole))


@every_config
def test_the_ends_of_tiles_and_blocks_are_told_after_the_promised_delays(build, rng, config):
    layout, shape = layouts.west_control(config), (config.rows, config.columns)
    entries = [
        dict(
            edges_last_row=packed(layout, end=rng.getrandbits(1), begin=1, close=1),
            edges_below=packed(layout, close=rng.getrandbits(1), begin=rng.getrandbits(1), end=1),
        )
        for _ in range(60)
    ]
    got = play(device(build, config), entries, "bank_done", "finished", "returned", cycles=60)
    for name, port, bit, delay in (
        ("bank_done", "edges_last_row", "end", timing.release_delay(*shape)),
        ("finished", "edges_below", "close", timing.finish_delay(config.columns)),
        ("returned", "edges_below", "begin", 0),
    ):
        asked = [fields(layout, entry[port])[bit] for entry in entries]
        assert got[name] == [0] * delay + asked[: 60 - delay] and 0 < sum(asked) < 60


@every_config
def test_reset_forgets_the_ends_on_their_way(build, config):
    layout = layouts.west_control(config)
    ends = dict(edges_last_row=packed(layout, end=1), edges_below=packed(layout, close=1))
    got = play(device(build, config), [ends, dict(rst=1)] + [{}] * 30, "bank_done", "finished")
    assert not any(got["bank_done"]) and not any(got["finished"])
