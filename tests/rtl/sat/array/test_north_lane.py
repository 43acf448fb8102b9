"""north_lane: lines of weights written, then sent down, one a cycle."""

import pytest

from rtl.sat import layouts
from rtl.sat.array.north_lane import north_lane
from rtl.sat.config import BEAT, SatConfig
from tests.support.script import fields, packed, play

LATENCY = 2


def device(build, config):
    return build(north_lane, config=config)


def random_lines(rng, config, groups, values, m):
    """lines[line][place] = (weight, index): `values` ascending indices below m for each group and place."""
    lines = []
    for _ in range(groups):
        kept = [sorted(rng.sample(range(m), values)) for _ in range(config.interleave)]
        lines += [
            [(rng.getrandbits(16), kept[place][value]) for place in range(config.interleave)] for value in range(values)
        ]
    return lines


def writes(config, lines):
    width, layout = layouts.weight(config).width, layouts.weight(config)
    return [
        dict(
            write=1,
            write_address=address,
            write_data=sum(
                layout.pack(value=weight, index=index) << width * place for place, (weight, index) in enumerate(line)
            ),
        )
        for address, line in enumerate(lines)
    ]


def controls(rng, config, lines, values, sparse, blank=0):
    """The fields of north_control for each weight, as the sequencer issues them: lines, and blank turns beyond."""
    layout = layouts.north_control(config)
    for line in range(len(lines) + blank):
        value = line % values
        for place in range(config.turn):
            where = {name: rng.getrandbits(layout.bits(name)) for name in ("address", "write", "everyone", "distance")}
            yield dict(
                read=int(place == 0 and line < len(lines)),
                line=line,
                value=value,
                first_value=int(value == 0),
                last_value=int(value == values - 1),
                sparse=int(sparse),
                blank=int(line >= len(lines)),
                **where,
            )


@pytest.mark.parametrize(
    "interleave, largest_m, values, m",
    [
        (4, 4, 2, 4),
        (4, 16, 2, 8),
        (5, 8, 4, 8),
        (6, 16, 1, 16),
        (4, 16, 4, 16),
        (4, 4, None, 4),
        (5, 16, None, 4),
        (1, 16, 2, 16),
        (3, 4, None, 4),
    ],
)
def test_weights_come_two_cycles_after_their_control_and_name_what_is_pruned(
    build, rng, interleave, largest_m, values, m
):
    config = SatConfig(rows=3, columns=1, interleave=interleave, largest_m=largest_m, chunk=16)
    lines, sparse, values = random_lines(rng, config, 4, values or BEAT, m), values is not None, values or BEAT
    sent = list(controls(rng, config, lines, values, sparse, blank=2 * values))
    entries = writes(config, lines)
    issued = len(entries)
    entries += [dict(control=packed(layouts.north_control(config), **control)) for control in sent]
    got = play(device(build, config), entries, "down")["down"]
    down = [fields(layouts.weight_packet(config), word) for word in got[issued + LATENCY : len(entries) + LATENCY]]
    assert len(down) == (len(lines) + 2 * values) * config.turn
    assert_weights(config, down, lines, values, sparse)
    assert_pruned(config, down, values)
    for name in ("address", "write", "everyone", "distance"):  # they pass
        assert [weight[name] for weight in down] == [control[name] for control in sent]


def assert_weights(config, down, lines, values, sparse):
    """Each has its weight and its index: a dense one's is its place in the group; a blank weight is zero."""
    for number, weight in enumerate(down):
        line, place = divmod(number, config.turn)
        value, index = lines[line][place] if line < len(lines) and place < config.interleave else (0, 0)
        assert place >= config.interleave or weight["weight"] == value
        assert weight["index"] == (index if sparse else line % values)


def assert_pruned(config, down, values):
    """What no weight of a group takes is named exactly once among the weights of each of its columns."""
    for start in range(0, len(down), config.turn * values):
        for place in range(config.interleave):
            group = down[start + place : start + config.turn * values : config.turn]
            named = [i for weight in group for i in range(config.largest_m) if weight["pruned"] >> i & 1]
            taken = {weight["index"] for weight in group}  # a blank sparse group has but one
            assert sorted([*named, *taken]) == list(range(config.largest_m))


def test_control_goes_to_the_next_column_a_cycle_later(build, rng):
    config = SatConfig(rows=1, columns=1, chunk=16)
    sent = [rng.getrandbits(layouts.north_control(config).width) for _ in range(60)]
    got = play(device(build, config), [dict(control=control) for control in sent], "control_out")["control_out"]
    assert got[1:61] == sent


def test_write_follows_control_so_that_a_pause_is_a_pause(build, rng):
    config = SatConfig(rows=1, columns=1, chunk=16)
    layout, write = layouts.north_control(config), [rng.getrandbits(1) for _ in range(60)]
    entries = writes(config, random_lines(rng, config, 1, 4, 4))
    start = len(entries)
    entries += [dict(control=packed(layout, write=bit, read=1)) for bit in write]
    got = play(device(build, config), entries, "down")["down"]
    assert [
        fields(layouts.weight_packet(config), word)["write"] for word in got[start + LATENCY : start + LATENCY + 60]
    ] == write
