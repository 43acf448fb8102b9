"""uspe: what it hands to its neighbours, and what a reset forgets."""

import pytest

from rtl.sat import layouts
from tests.support import floats
from tests.support.script import fields, packed, play
from tests.support.uspe import LAG, ONE, config_of, device, group_word, written


def test_groups_and_steps_move_on_after_one_cycle_and_weights_come_a_row_nearer(build, rng):
    config = config_of(4, 8)
    step, down = layouts.step(config), layouts.weight_packet(config)
    entries = [
        dict(
            west_step=rng.getrandbits(step.width),
            west_group=rng.getrandbits(layouts.group(config).width),
            north=rng.getrandbits(down.width),
        )
        for _ in range(50)
    ]
    held = entries[0]["west_group"]
    entries[0]["west_step"] |= packed(step, load=1)
    got = play(device(build, config), entries, "east_step", "east_group", "south")
    for cycle, entry in enumerate(entries, 1):
        held = entry["west_group"] if fields(step, entry["west_step"])["load"] else held
        nearer = fields(down, entry["north"])
        nearer["distance"] = (nearer["distance"] - 1) % 2 ** down.bits("distance")
        assert (got["east_step"][cycle], got["east_group"][cycle]) == (entry["west_step"], held)
        assert fields(down, got["south"][cycle]) == nearer


def test_a_shift_passes_the_word_of_the_element_above_on(build, rng):
    above = [rng.getrandbits(32) for _ in range(20)]
    entries = [dict(drain_shift=1, sum_in=word) for word in above] + [dict(sum_in=7)]
    got = play(device(build, config_of(4, 4)), entries, "sum_out")["sum_out"]
    assert got[1:21] == above
    assert got[21:24] == [above[-1]] * 3


@pytest.mark.parametrize("after", range(1, LAG))
def test_reset_forgets_a_step_wherever_it_is_on_its_way(build, after):
    config, layout = config_of(4, 4), layouts.step(config_of(4, 4))
    entries = [{"rst": 0} for _ in range(40)]
    for at, fresh in ((0, 1), (15, 0)):
        entries[at] |= dict(
            west_group=group_word([ONE] * 4),
            north=written(config, dict(weight=ONE), 0),
            west_step=packed(layout, valid=1, fresh=fresh, load=1),
        )
    entries[15 + after]["rst"] = 1
    entries[30] |= dict(drain_load=1, drain_slot=0)
    assert play(device(build, config), entries, "sum_out")["sum_out"][31] == floats.single(1.0)
