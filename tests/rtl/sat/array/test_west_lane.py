"""west_lane: beats written, then read and assembled to groups; and its control, which the row below follows."""

import pytest

from rtl.sat import layouts
from rtl.sat.array.west_lane import west_lane
from rtl.sat.config import BEAT, SatConfig
from tests.support import floats
from tests.support.array import cleared, hop_of, keep_skew
from tests.support.script import fields, packed, play


def config_of(largest_m, interleave=4):
    return SatConfig(rows=1, columns=1, interleave=interleave, largest_m=largest_m, chunk=32)


def device(build, config):
    return build(west_lane, config=config)


def fill(rng, config):
    """Script entries that write every beat of both banks, and the beats."""
    beats = [
        [rng.choice(floats.FP16_CLASSES + [rng.getrandbits(16)] * 9) for _ in range(BEAT)]
        for _ in range(2 * config.chunk // BEAT)
    ]
    return [
        dict(write=1, write_address=address, write_data=sum(x << 16 * i for i, x in enumerate(beat)))
        for address, beat in enumerate(beats)
    ], beats


def group_word(config, beats):
    """Beats side by side, nothing above them, and the bits of those that are not finite."""
    values = [value for beat in beats for value in beat]
    special = sum((value >> 10 & 31 == 31) << i for i, value in enumerate(values))
    return sum(value << 16 * i for i, value in enumerate(values)) | special << 16 * config.largest_m


@pytest.mark.parametrize("largest_m, per_group", [(4, 1), (8, 1), (8, 2), (16, 1), (16, 2), (16, 4)])
def test_each_beat_stands_in_its_group_two_cycles_after_it_was_read(build, rng, largest_m, per_group):
    config = config_of(largest_m)
    entries, beats = fill(rng, config)
    expected, layout = {}, layouts.west_control(config)
    for start in range(0, len(beats) - per_group + 1, per_group):
        for place in range(per_group):
            expected[len(entries) + 2] = group_word(config, beats[start : start + place + 1])
            entries.append(dict(control=packed(layout, read=1, address=start + place, beat=place)))
        entries += [{}] * rng.randrange(3)  # and the group holds still
    got = play(device(build, config), entries, "east_group")["east_group"]
    held = [got[cycle - 1] for cycle in list(expected)[1:] if cycle - 1 not in expected]
    assert {cycle: got[cycle] for cycle in expected} == expected
    assert len(expected) == len(beats) // per_group * per_group
    assert set(held) <= set(expected.values())


def test_control_goes_to_the_row_below_a_cycle_later_and_its_step_to_the_array_at_once(build, rng):
    config = config_of(8)
    layout = layouts.west_control(config)
    controls = [rng.getrandbits(layout.width) for _ in range(60)]
    got = play(device(build, config), [dict(control=control) for control in controls], "control_out", "east_step")
    assert got["control_out"][1:61] == controls
    assert got["east_step"][:60] == [fields(layout, control)["step"] for control in controls]


@pytest.mark.parametrize("values", [1, 2, 4])
@pytest.mark.parametrize("interleave", [1, 4, 7])
def test_where_weights_are_stationary_the_row_below_follows_a_group_later(build, rng, interleave, values):
    config, hop = config_of(4, interleave), values * max(interleave, 4)
    width, entries = layouts.west_control(config).width, cleared(config, "skew")
    start, controls = len(entries), [rng.getrandbits(width) for _ in range(3 * hop + 5)]
    entries += [dict(control=control) for control in controls] + [{} for _ in range(hop)]
    keep_skew(config, dict(weights=1, kept_per_group=values), entries, start, "skew")
    got = play(device(build, config), entries, "control_out")["control_out"]
    assert got[start + 1 : start + hop] == [0] * (hop - 1)  # nothing was left in the delay line
    assert got[start + hop : start + hop + len(controls)] == controls


def test_the_skew_changes_once_what_was_under_way_has_passed(build, rng):
    """Groups of four values, of one, then sums that stay, and groups of two."""
    config, entries, expected = config_of(4, 5), cleared(config_of(4, 5), "skew"), {}
    for command in (
        dict(weights=weights, kept_per_group=values) for weights, values in ((1, 4), (1, 1), (0, 4), (1, 2))
    ):
        hop, start = hop_of(config, command), len(entries)
        for number in range(25):
            entries.append(dict(control=rng.getrandbits(layouts.west_control(config).width)))
            expected[start + number + hop] = entries[-1]["control"]
        entries += [dict(control=0) for _ in range(2 * hop)]
        keep_skew(config, command, entries, start, "skew")
    got = play(device(build, config), entries, "control_out")["control_out"]
    assert {cycle: got[cycle] for cycle in expected} == expected
    assert len(expected) == 4 * 25


def test_one_bank_is_written_while_the_other_is_read(build, rng):
    config = config_of(4)
    entries, beats = fill(rng, config)
    layout, half = layouts.west_control(config), len(beats) // 2
    entries += [
        dict(control=packed(layout, read=1, address=address), write=1, write_address=half + address)
        for address in range(half)
    ]
    got = play(device(build, config), entries, "east_group")["east_group"]
    assert got[len(beats) + 2 : len(beats) + 2 + half] == [group_word(config, [beat]) for beat in beats[:half]]
