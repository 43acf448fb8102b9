"""north_lane: lines of weights written, then sent as steps, one a cycle."""
import pytest
from myhdl import Signal, intbv

from rtl import words
from rtl.config import BEAT, SatConfig
from rtl.north_lane import north_lane
from tests.support.script import fields, packed, play

LATENCY = 2


def device(build, config):
    control, line = words.north_control(config).width, config.interleave * words.weight(config).width
    widths = dict(write_address=words.north_control(config).bits("address"), write_data=line,
                  control=control, control_out=control, step=words.step(config).width)
    return build(north_lane, config=config, clk=Signal(bool(0)), write=Signal(bool(0)),
                 **{name: Signal(intbv(0)[width:]) for name, width in widths.items()})


def random_lines(rng, config, groups, values, m):
    """lines[line][place] = (weight, index): `values` ascending indices below m for each group and place."""
    lines = []
    for _ in range(groups):
        kept = [sorted(rng.sample(range(m), values)) for _ in range(config.interleave)]
        lines += [[(rng.getrandbits(16), kept[place][value]) for place in range(config.interleave)]
                  for value in range(values)]
    return lines


def writes(config, lines):
    width, layout = words.weight(config).width, words.weight(config)
    return [dict(write=1, write_address=address, write_data=sum(
        layout.pack(value=weight, index=index) << width * place for place, (weight, index) in enumerate(line)))
        for address, line in enumerate(lines)]


def controls(config, lines, values, sparse):
    """The north_control of each step, as the sequencer issues them."""
    layout = words.north_control(config)
    for address in range(len(lines)):
        value = address % values
        for place in range(config.interleave):
            yield packed(layout, slot=place, first=address == 0, valid=1, read=place == 0, address=address, value=value,
                         first_value=value == 0, last_value=value == values - 1, sparse=sparse)


@pytest.mark.parametrize("interleave, largest_m, values, m", [
    (4, 4, 2, 4), (4, 16, 2, 8), (5, 8, 4, 8), (6, 16, 1, 16), (4, 16, 4, 16), (4, 4, None, 4), (5, 16, None, 4)])
def test_steps_come_two_cycles_after_their_control_and_name_what_is_pruned(
        build, rng, interleave, largest_m, values, m):
    config = SatConfig(rows=1, columns=1, interleave=interleave, largest_m=largest_m, chunk=16)
    lines = random_lines(rng, config, 4, values or BEAT, m)
    entries = writes(config, lines)
    issued = len(entries)
    entries += [dict(control=word) for word in controls(config, lines, values or BEAT, sparse=values is not None)]
    got = play(device(build, config), entries, "step")["step"]
    steps = [fields(words.step(config), word) for word in got[issued + LATENCY:len(entries) + LATENCY]]
    assert len(steps) == len(lines) * interleave
    assert_weights(steps, lines, values or BEAT, sparse=values is not None)
    assert_pruned(steps, interleave, values or BEAT, largest_m)


def assert_weights(steps, lines, values, sparse):
    """Each step carries its weight, its index (a dense one's is its place in the group) and its tag."""
    interleave = len(lines[0])
    for number, step in enumerate(steps):
        line, place = divmod(number, interleave)
        weight, index = lines[line][place]
        assert (step["weight"], step["slot"], step["first"], step["valid"]) == (weight, place, line == 0, 1)
        assert step["index"] == (index if sparse else line % values)


def assert_pruned(steps, interleave, values, largest_m):
    """What no weight of a group takes is named exactly once among the steps of each of its columns."""
    for start in range(0, len(steps), interleave * values):
        for place in range(interleave):
            group = steps[start + place:start + interleave * values:interleave]
            named = [i for step in group for i in range(largest_m) if step["pruned"] >> i & 1]
            taken = [step["index"] for step in group]
            assert sorted(named + taken) == list(range(largest_m))


def test_control_goes_to_the_next_column_a_cycle_later(build, rng):
    config = SatConfig(rows=1, columns=1, chunk=16)
    sent = [rng.getrandbits(words.north_control(config).width) for _ in range(60)]
    got = play(device(build, config), [dict(control=control) for control in sent], "control_out")["control_out"]
    assert got[1:61] == sent


def test_valid_follows_control_so_that_a_pause_is_a_pause(build, rng):
    config = SatConfig(rows=1, columns=1, chunk=16)
    layout, valid = words.north_control(config), [rng.getrandbits(1) for _ in range(60)]
    entries = writes(config, random_lines(rng, config, 1, 4, 4))
    start = len(entries)
    entries += [dict(control=packed(layout, valid=bit, read=1)) for bit in valid]
    got = play(device(build, config), entries, "step")["step"]
    assert [fields(words.step(config), word)["valid"] for word in got[start + LATENCY:start + LATENCY + 60]] == valid
