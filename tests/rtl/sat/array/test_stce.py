"""stce: lines stored, controls issued as the sequencer does, and sums drained at the promised cycle."""

import numpy as np
import pytest

from rtl.golden import gemm
from rtl.sat import layouts, timing
from rtl.sat.array.stce import stce
from rtl.sat.config import SatConfig
from rtl.sparsity import Sparsity
from tests.support import floats
from tests.support.array import (
    cleared,
    command_of,
    controls_of,
    hop_of,
    keep_skew,
    lines_of,
    pruned,
    schedule_controls,
    steps_of,
)
from tests.support.script import play
from tests.support.sequence import expected_starts
from tlm import Gemm, schedule


def device(build, config):
    return build(stce, config=config)


def single_block(config, sparsity, depth, rng, mapping="os", rows=None):
    """A program of one block, and its operands: finite, but for an infinity in the last of several rows."""
    program = schedule(Gemm(rows or config.rows, depth, config.tile_columns, sparsity), config, mapping)
    numbers, m = floats.numpy_of(rng), program.gemm.m
    a, b = (numbers.standard_normal(shape).astype(np.float16) for shape in ((m, depth), (depth, config.tile_columns)))
    a[1:][-1:, 0] = np.inf
    return program, a, pruned(b, sparsity)


def stored(program, a, b):
    """Script entries that reset the array and store the lines of a block's one or two tiles."""
    config, entries = program.config, cleared(program.config)
    for bank, tile in enumerate(program.tiles()):
        lines = lines_of(program, tile, a, b)
        entries += [
            dict(line_data=line, line_west_write=1, line_west_address=bank * config.chunk // 4 + at)
            for at, line in enumerate(lines.west)
        ]
        entries += [
            dict(line_data=line, line_north_write=1, line_north_address=bank * config.chunk + at)
            for at, line in enumerate(lines.north)
        ]
    return entries


def play_block(build, program, a, b, drain_at=0, slots=None):
    """Store, issue and drain the only block of a program, `drain_at` cycles after its sums are promised.

    slots    those to be drained, in order; all by default. Tiles follow each other as soon as they may
    Returns  c as bit patterns (rows, columns), by the place in the array that each word came from
    """
    config, entries = program.config, stored(program, a, b)
    start, commands = len(entries), [command_of(program, tile) for tile in program.tiles()]
    starts = expected_starts(config, commands, [start] * len(commands), [])
    for number, (command, at) in enumerate(zip(commands, starts, strict=True)):
        controls = controls_of(config, command, number, 0, (number + 1) % 2)
        schedule_controls(config, controls, at.weights, at.steps, entries)
    end, hop = at.steps + steps_of(config, command), hop_of(config, command)
    ready = end + timing.drain_lag(config.rows, config.columns, hop) + drain_at
    slots, leaves = slots or range(config.interleave), {}
    entries += [{} for _ in range(ready + len(slots) * command["rows"] + 1 - len(entries))]
    for i in range(len(slots) * command["rows"]):
        place, row = divmod(i, command["rows"])
        leaves[ready + i + 1] = row, slots[place]
        drain_entry(config, command, slots[place], row, entries[ready + i], entries[ready + i + 1])
    keep_skew(config, command, entries, start)
    drained = play(device(build, config), entries, "drained")["drained"]
    c = np.zeros((program.gemm.m, config.tile_columns), np.uint32)
    for cycle, (row, slot) in leaves.items():
        for column in range(config.columns):
            c[row, slot * config.columns + column] = drained[cycle] >> 32 * column & 0xFFFFFFFF
    return c


def drain_entry(config, command, slot, row, now, after):
    """Have the word of a slot and row leave the array: from the columns' memories, or through the chain."""
    if command["weights"]:
        now |= dict(drain_read=1, drain_address=row * config.interleave + slot)
        after |= dict(drain_memory=1)
    else:
        number = layouts.slot(config).pack(set=0, place=slot)
        now |= {"drain_shift" if row else "drain_load": 1, "drain_slot": number}


@pytest.mark.parametrize(
    "rows, columns, interleave, largest_m, sparsity, depth, m, mapping",
    [
        (1, 1, 4, 4, None, 9, 1, "os"),
        (2, 3, 4, 8, "2:8", 20, 2, "os"),
        (3, 2, 5, 16, "4:16", 32, 3, "os"),
        (2, 2, 4, 16, None, 40, 2, "os"),
        (1, 3, 8, 8, "1:4", 16, 1, "os"),
        (2, 2, 1, 4, None, 7, 2, "os"),
        (1, 1, 4, 4, None, 7, 3, "ws"),
        (2, 3, 4, 8, "2:8", 32, 4, "ws"),
        (3, 2, 5, 16, "4:16", 96, 2, "ws"),
        (3, 2, 2, 16, None, 24, 8, "ws"),
        (5, 3, 8, 8, "1:4", 30, 1, "ws"),
        (2, 4, 4, 4, "1:4", 12, 8, "ws"),
    ],
)
def test_the_array_multiplies_as_golden_and_its_sums_stand_when_promised(
    build, rng, rows, columns, interleave, largest_m, sparsity, depth, m, mapping
):
    config = SatConfig(rows=rows, columns=columns, interleave=interleave, largest_m=largest_m, chunk=32)
    program, a, b = single_block(config, Sparsity.parse(sparsity), depth, rng, mapping, m)
    c = play_block(build, program, a, b)
    expected = gemm(a, b).view(np.uint32)
    assert c.tolist() == expected.tolist()
    assert c.size == m * columns * interleave and len(list(program.tiles())) in (1, 2)
    finite = np.isfinite(expected.view(np.float32)).all(axis=1)
    assert finite.tolist() == [True] * max(1, m - 1) + [False] * (m > 1)


def test_a_cycle_earlier_only_the_very_last_sum_is_missing(build, rng):
    config = SatConfig(rows=2, columns=2, largest_m=4, chunk=16)
    program, a, b = single_block(config, None, 8, rng)
    a[np.isinf(a)] = 1
    expected, last = gemm(a, b).view(np.uint32), config.interleave - 1
    for slot, missing in [(last, [[0, 2 * last + 1]]), (last - 1, [])]:
        early = play_block(build, program, a, b, drain_at=-1, slots=[slot])
        columns = [2 * slot, 2 * slot + 1]
        differs = np.argwhere(early[:, columns] != expected[:, columns]) + np.array([0, 2 * slot])
        assert differs.tolist() == missing


@pytest.mark.parametrize("weights, values", [(0, 4), (1, 1), (1, 4)])
@pytest.mark.parametrize("rows", [1, 3])
def test_the_last_row_and_one_below_it_report_each_a_hop_later(build, rng, rows, weights, values):
    config = SatConfig(rows=rows, columns=1, interleave=5, largest_m=4, chunk=16)
    command, entries = dict(weights=weights, kept_per_group=values), cleared(config)
    start, hop, width = len(entries), hop_of(config, command), layouts.west_control(config).width
    sent = [rng.getrandbits(width) for _ in range(70)]
    entries += [dict(edges_west=word) for word in sent] + [{} for _ in range(rows * hop)]
    keep_skew(config, command, entries, start)
    got = play(device(build, config), entries, "edges_last_row", "edges_below")
    assert got["edges_last_row"][start + (rows - 1) * hop :][:70] == sent
    assert got["edges_below"][start + rows * hop :][:70] == sent
