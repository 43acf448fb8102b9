"""steps_issuer: the control of the array's west edge, step by step, of tiles in both dataflows."""

import pytest

from rtl.sat import layouts, timing
from rtl.sat.config import SatConfig
from rtl.sat.control.steps_issuer import steps_issuer
from tests.support.array import controls_of, known_read, known_step
from tests.support.script import fields, packed, play
from tests.support.sequence import random_commands

CONFIGS = [
    SatConfig(rows=2, columns=3, largest_m=16, chunk=32),
    SatConfig(rows=3, columns=2, interleave=6, largest_m=8, chunk=16),
    SatConfig(rows=5, columns=1, interleave=1, largest_m=4, chunk=16),
]
BEHIND = timing.WEST - 1  # cycles from a read to the step that uses it
every_config = pytest.mark.parametrize("config", CONFIGS, ids=["2x3", "3x2", "5x1"])
every_mix = pytest.mark.parametrize(
    "blocks", [[(0, 2), (0, 3)], [(1, 2), (1, 3)], [(1, 1), (0, 2), (1, 2), (0, 1)]], ids=["os", "ws", "mixed"]
)


def device(build, config):
    return build(steps_issuer, config=config)


def scripted(rng, config, commands, pause=lambda: 0):
    """Script entries that start each tile in the last step of the one before, or later; and {entry: its Controls}."""
    entries, starts, layout = [{}], {}, layouts.command(config)
    for command in commands:
        bank, accumulators, memory = (rng.getrandbits(1) for _ in range(3))
        controls, word = controls_of(config, command, bank, accumulators, memory), packed(layout, **command)
        entries += [dict(entries[-1], start=0) for _ in range(pause())]
        entries[-1] |= dict(start=1, upcoming_command=word, upcoming_bank=bank, running_weights_bank=memory)
        starts[len(entries)] = controls
        entries += [
            dict(running_command=word, running_accumulators=accumulators, running_stationary=command["weights"])
            for _ in controls.steps
        ]
    return entries, starts


def compared(starts):
    """All tiles but the first one, before which Icarus knows neither line nor place."""
    return dict(list(starts.items())[1:])


def seen(config, words_of_control):
    """The fields of control words, those of their step among them."""
    layout, step = layouts.west_control(config), layouts.step(config)
    return [outer | fields(step, outer["step"]) for outer in (fields(layout, word) for word in words_of_control)]


@every_mix
@every_config
def test_each_step_is_read_for_and_comes_when_its_activations_do(build, rng, config, blocks):
    entries, starts = scripted(rng, config, random_commands(rng, config, blocks))
    got = play(device(build, config), entries, "west_control", "steps_active", "steps_last")
    reads, steps = (
        [one for controls in compared(starts).values() for one in getattr(controls, name)]
        for name in ("reads", "steps")
    )
    first, total = min(starts), sum(len(controls.steps) for controls in starts.values())
    control = seen(config, got["west_control"][min(compared(starts)) : first + total + BEHIND])
    assert [known_read(word) for word in control[: len(reads)]] == [known_read(read) for read in reads]
    assert [known_step(word) for word in control[BEHIND:]] == [known_step(step) for step in steps]
    assert got["steps_active"][: first + total + 3] == [0] * first + [1] * total + [0] * 3
    ends = [start + len(controls.steps) - 1 for start, controls in starts.items()]
    assert [cycle for cycle, last in enumerate(got["steps_last"]) if last] == ends


@every_config
def test_in_a_pause_nothing_is_read_and_no_step_is_issued(build, rng, config):
    entries, starts = scripted(rng, config, random_commands(rng, config, [(1, 2), (0, 2)]), lambda: rng.randrange(1, 9))
    got = play(device(build, config), entries, "west_control", "steps_active")
    issued = {start + number for start, controls in starts.items() for number in range(len(controls.steps))}
    assert {cycle for cycle, issuing in enumerate(got["steps_active"]) if issuing} == issued and len(issued) < len(
        entries
    )
    first = min(compared(starts))
    for cycle, word in enumerate(seen(config, got["west_control"][first:]), first):
        assert not (word["read"] or word["end"]) or cycle in issued
        assert not (word["valid"] or word["load"] or word["close"]) or cycle - BEHIND in issued


@every_config
def test_reset_forgets_the_tile_and_the_steps_on_their_way(build, rng, config):
    entries, starts = scripted(rng, config, random_commands(rng, config, [(0, 1)]))
    cut = min(starts) + 3
    got = play(device(build, config), entries[:cut] + [dict(rst=1)] + [{}] * 40, "west_control", "steps_active")
    assert any(got["steps_active"][: cut + 1]) and not any(got["steps_active"][cut + 1 :])
    assert not any(word["valid"] or word["read"] for word in seen(config, got["west_control"][cut + 1 :]))
