"""benes_level: switches that choose, and cross wires that change places."""

import pytest

from rtl.sigma.distribution.benes_level import benes_level
from tests.support.script import play

LANES, BITS = 8, 5


def lanes_of(word):
    return [word >> BITS * k & (1 << BITS) - 1 for k in range(LANES)]


@pytest.mark.parametrize("distance", [1, 2, 4])
def test_each_output_takes_one_of_its_switch_s_inputs_and_the_settings_behind_go_on(build, rng, distance):
    dut = build(benes_level, lanes=LANES, bits=BITS, distance=distance)
    inputs, outputs = ([name for name in dut.ports if name.endswith(end)] for end in ("_in", "_out"))
    entries = [{name: rng.getrandbits(len(dut.ports[name])) for name in inputs} for _ in range(300)]
    got = play(dut, entries, *outputs, cycles=len(entries))

    switches = [list(zip(lanes_of(one["straight_in"]), lanes_of(one["cross_in"]), strict=True)) for one in entries]
    turns = [[one["settings_in"] >> bit & 1 for bit in range(2 * LANES)] for one in entries]
    assert [lanes_of(word) for word in got["straight_out"]] == [
        [inputs[i][bits[2 * i]] for i in range(LANES)] for inputs, bits in zip(switches, turns, strict=True)
    ]
    assert [lanes_of(word) for word in got["cross_out"]] == [
        [inputs[i ^ distance][bits[2 * (i ^ distance) + 1]] for i in range(LANES)]
        for inputs, bits in zip(switches, turns, strict=True)
    ]
    assert got["settings_out"] == [one["settings_in"] >> 2 * LANES for one in entries]
    assert len(got["cross_out"]) == 300
