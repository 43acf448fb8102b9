"""weights_issuer: the control of the array's north edge, weight by weight, of tiles in both dataflows."""

import pytest

from rtl.sat import layouts, timing
from rtl.sat.config import SatConfig
from rtl.sat.control.weights_issuer import weights_issuer
from tests.support.array import controls_of, known_weight
from tests.support.script import fields, packed, play
from tests.support.sequence import random_commands

CONFIGS = [
    SatConfig(rows=2, columns=3, largest_m=16, chunk=32),
    SatConfig(rows=3, columns=2, interleave=6, largest_m=8, chunk=16),
    SatConfig(rows=5, columns=1, interleave=1, largest_m=4, chunk=16),
]
every_config = pytest.mark.parametrize("config", CONFIGS, ids=["2x3", "3x2", "5x1"])
every_mix = pytest.mark.parametrize(
    "blocks", [[(0, 2), (0, 3)], [(1, 2), (1, 3)], [(1, 1), (0, 2), (1, 2), (0, 1)]], ids=["os", "ws", "mixed"]
)


def device(build, config):
    return build(weights_issuer, config=config)


def scripted(rng, config, commands, pause=lambda: 0):
    """Script entries that start each tile once the one before has sent its weights; and {entry: its first} of each.

    The upcoming tile holds in the cycle of the start alone, the running one's fields from the next cycle on.
    """
    entries, starts = [{}], {}
    for command in commands:
        bank, memory = rng.getrandbits(1), rng.getrandbits(1)
        weights = controls_of(config, command, bank, 0, memory).weights
        entries += [dict(entries[-1], upcoming_weights_start=0) for _ in range(pause())]
        entries[-1] |= dict(
            upcoming_weights_start=1, upcoming_command=packed(layouts.command(config), **command), upcoming_bank=bank
        )
        starts[len(entries)] = weights
        entries += [dict(running_stationary=command["weights"], running_weights_bank=memory) for _ in weights]
    return entries, starts


@every_mix
@every_config
def test_each_weight_has_its_control_and_follows_the_one_before(build, rng, config, blocks):
    entries, starts = scripted(rng, config, random_commands(rng, config, blocks))
    got = play(device(build, config), entries, "north_control", "weights_active", "weights_last")
    expected = [weight for weights in starts.values() for weight in weights]
    first, layout = min(starts), layouts.north_control(config)
    sent = [fields(layout, word) for word in got["north_control"][first + timing.SKEW :][: len(expected)]]
    assert [known_weight(word) for word in sent if word["write"]] == [
        known_weight(word) for word in expected if word["write"]
    ]
    assert [(word["write"], word["read"]) for word in sent] == [(word["write"], word["read"]) for word in expected]
    assert got["weights_active"][: first + len(expected) + 5] == [0] * first + [1] * len(expected) + [0] * 5
    ends = [start + len(weights) - 1 for start, weights in starts.items()]
    assert [cycle for cycle, last in enumerate(got["weights_last"]) if last] == ends


@every_config
def test_in_a_pause_nothing_is_read_or_written(build, rng, config):
    entries, starts = scripted(rng, config, random_commands(rng, config, [(1, 2), (0, 2)]), lambda: rng.randrange(1, 9))
    got = play(device(build, config), entries, "north_control", "weights_active")
    issued = {start + number for start, weights in starts.items() for number in range(len(weights))}
    assert {cycle for cycle, active in enumerate(got["weights_active"]) if active} == issued
    layout = layouts.north_control(config)
    busy = {
        cycle
        for cycle, word in enumerate(got["north_control"])
        if word is not None and {"read", "write"} & {name for name, bit in fields(layout, word).items() if bit}
    }
    assert busy <= {cycle + timing.SKEW for cycle in issued} and len(issued) < len(entries)


@every_config
def test_reset_forgets_the_tile_and_the_controls_on_their_way(build, rng, config):
    entries, starts = scripted(rng, config, random_commands(rng, config, [(1, 1)]))
    cut = min(starts) + 4
    got = play(device(build, config), entries[:cut] + [dict(rst=1)] + [{}] * 40, "north_control", "weights_active")
    layout = layouts.north_control(config)
    assert any(got["weights_active"][: cut + 1]) and not any(got["weights_active"][cut + 1 :])
    assert not any(fields(layout, word)["write"] for word in got["north_control"][cut + 1 :])
