"""stce_column: one column of the array, its groups from the west, its sums out at the bottom or from its memory."""

import numpy as np
import pytest

from rtl import timing as units
from rtl.golden import gemm
from rtl.sat import layouts, timing
from rtl.sat.array.stce_column import stce_column
from rtl.sat.config import BEAT, SatConfig
from rtl.sparsity import Sparsity
from tests.support import floats
from tests.support.array import command_of, controls_of, hop_of, lines_of, merge, pruned
from tests.support.script import packed, play
from tlm import Gemm, schedule

LANE = 2  # cycles of north_lane, from control to what goes down


def device(build, config):
    return build(stce_column, config=config)


def group_word(config, beats):
    """A row's group as west_lane hands it over: beats of activations, and the bits of those that are not finite."""
    values = [beat >> 16 * i & 0xFFFF for beat in beats for i in range(BEAT)]
    special = sum((value >> 10 & 31 == 31) << i for i, value in enumerate(values))
    return sum(value << 16 * i for i, value in enumerate(values)) | special << 16 * config.largest_m


def schedule_tile(program, tile, lines, bank, start, entries):
    """Write a tile's controls, steps, groups and column edges into a script; its weights' control comes at `start`.

    Each row's first weight and its first step come to it in the same cycle: in time, and not a cycle earlier.
    Returns the cycle after the one in which the last sum has come to the bottom, or to its accumulator.
    """
    config, command = program.config, command_of(program, tile)
    controls, hop = controls_of(config, command, bank, 0, bank), hop_of(config, command)
    for number, control in enumerate(controls.weights):
        merge(entries, start + number, "control_north", packed(layouts.north_control(config), **control))
    first, groups = start + LANE + (config.rows - 1 if tile.weight_stationary else 0), -1
    for number, step in enumerate(controls.steps):
        groups += step["load"]
        for row in range(config.rows):
            at = first + number + row * hop
            merge(entries, at, "west_steps", step_word(config, step) << row * layouts.step(config).width)
            beats = [line >> row * 16 * BEAT for line in lines.west[groups * tile.beats : (groups + 1) * tile.beats]]
            merge(entries, at, "west_groups", group_word(config, beats) << row * layouts.group(config).width)
        edge = packed(
            layouts.column_edge(config), **{name: step[name] for name in ("begin", "fresh", "set")}, valid=step["above"]
        )
        merge(entries, first + number, "control_feed", edge)
        merge(entries, first + number + config.rows * hop, "control_collect", edge)
    return first + len(controls.steps) + config.rows * hop + timing.PRODUCT + units.ACCUMULATE


def step_word(config, step):
    return packed(layouts.step(config), **{name: step[name] for name in layouts.step(config).fields})


def block_script(program, a, b):
    """Script of a program of one block and at most two tiles, and {cycle: (row, slot)} of the words that it drains."""
    config, tiles, slots = program.config, list(program.tiles()), program.config.interleave
    lines = [lines_of(program, tile, a, b) for tile in tiles]
    entries = [
        dict(write=1, write_address=bank * config.chunk + address, write_data=line)
        for bank in range(len(tiles))
        for address, line in enumerate(lines[bank].north)
    ]
    ready, leaves = len(entries), {}
    for bank, tile in enumerate(tiles):
        ready = schedule_tile(program, tile, lines[bank], bank, ready, entries)
    for i in range(slots * tiles[-1].rows):
        slot, row = divmod(i, tiles[-1].rows)
        entries += [{} for _ in range(ready + i + 2 - len(entries))]
        leaves[ready + i + 1] = row, slot
        if tiles[-1].weight_stationary:
            entries[ready + i] |= dict(drain_read=1, drain_address=row * slots + slot)
            entries[ready + i + 1] |= dict(drain_memory=1)
        else:
            entries[ready + i] |= {
                "drain_shift" if row else "drain_load": 1,
                "drain_slot": layouts.slot(config).pack(set=0, place=slot),
            }
    return entries, leaves


@pytest.mark.parametrize(
    "rows, interleave, largest_m, sparsity, depth, m, mapping",
    [
        (1, 4, 4, None, 10, 1, "os"),
        (3, 4, 8, "2:8", 24, 3, "os"),
        (2, 5, 16, "4:16", 40, 2, "os"),
        (4, 1, 16, None, 20, 4, "os"),
        (1, 4, 4, None, 7, 5, "ws"),
        (3, 4, 8, "2:8", 40, 2, "ws"),
        (2, 6, 16, "4:16", 64, 2, "ws"),
        (5, 1, 16, None, 30, 3, "ws"),
        (3, 3, 4, "1:4", 9, 4, "ws"),
    ],
)
def test_a_column_multiplies_as_golden_and_drains_from_the_top_row(
    build, rng, rows, interleave, largest_m, sparsity, depth, m, mapping
):
    config = SatConfig(rows=rows, columns=1, interleave=interleave, largest_m=largest_m, chunk=32)
    program = schedule(Gemm(m, depth, interleave, Sparsity.parse(sparsity)), config, mapping)
    numbers = floats.numpy_of(rng)
    a, b = (numbers.standard_normal(shape).astype(np.float16) for shape in ((m, depth), (depth, interleave)))
    b = pruned(b, program.gemm.sparsity)
    entries, leaves = block_script(program, a, b)
    expected = gemm(a, b).view(np.uint32)
    got = play(device(build, config), entries, "drained")["drained"]
    assert [got[cycle] for cycle in leaves] == [expected[place] for place in leaves.values()]
    assert len(leaves) == m * interleave and len(list(program.tiles())) in (1, 2)


def test_groups_steps_and_controls_reach_the_next_column_a_cycle_later(build, rng):
    config = SatConfig(rows=3, columns=1, largest_m=4, chunk=16)
    width, step, edge = layouts.group(config).width, layouts.step(config).width, layouts.column_edge(config).width
    load = sum(packed(layouts.step(config), load=1) << row * step for row in range(3))
    entries = [
        dict(
            west_steps=rng.getrandbits(3 * step) | load,
            west_groups=rng.getrandbits(3 * width),
            control_north=rng.getrandbits(layouts.north_control(config).width),
            control_feed=rng.getrandbits(edge),
            control_collect=rng.getrandbits(edge),
        )
        for _ in range(30)
    ]
    got = play(
        device(build, config),
        entries,
        "east_steps",
        "east_groups",
        *(f"control_out_{name}" for name in ("north", "feed", "collect")),
    )
    for there, here in zip(
        got, ("west_steps", "west_groups", "control_north", "control_feed", "control_collect"), strict=True
    ):
        assert got[there][1:31] == [entry[here] for entry in entries]
    assert len(got) == 5
