"""stce: lines stored, controls issued as the sequencer does, and sums drained at the promised cycle."""
import numpy as np
import pytest
from myhdl import Signal, intbv

from rtl import timing, words
from rtl.config import SatConfig
from rtl.golden import gemm
from rtl.sparsity import Sparsity
from rtl.stce import stce
from tests.support import floats
from tests.support.array import command_of, controls_of, lines_of, merge, pruned, schedule_controls
from tests.support.script import fields, play
from tlm import Gemm, schedule


def device(build, config):
    west, north = words.west_control(config), words.north_control(config)
    widths = dict(line=words.line_bits(config), west_address=west.bits("address"),
                  north_address=north.bits("address"), west_control=west.width, north_control=north.width,
                  drain_slot=words.slot_bits(config), drained=32 * config.columns)
    flags = ("clk", "rst", "west_write", "north_write", "drain_load", "drain_shift")
    return build(stce, config=config, **{name: Signal(bool(0)) for name in flags},
                 **{name: Signal(intbv(0)[width:]) for name, width in widths.items()})


def single_tile(config, sparsity, depth, rng):
    """A program of one tile, and its operands: finite, but for an infinity in the last of several rows."""
    program = schedule(Gemm(config.rows, depth, config.tile_columns, sparsity), config)
    numbers = floats.numpy_of(rng)
    shapes = (config.rows, depth), (depth, config.tile_columns)
    a, b = (numbers.standard_normal(shape).astype(np.float16) for shape in shapes)
    a[1:][-1:, 0] = np.inf
    return program, a, pruned(b, sparsity)


def play_tile(build, program, a, b, drain_at=0, slots=None):
    """Store, issue and drain the only tile of a program, `drain_at` cycles after its sums are promised.

    slots    those to be drained, in order; all by default
    Returns  c as bit patterns (rows, columns), by the place in the array that each word came from
    """
    config, (tile,) = program.config, program.tiles()
    command = fields(words.command(config), command_of(program, tile))
    lines = lines_of(program, tile, a, b)
    entries = [dict(line=line, west_write=1, west_address=address) for address, line in enumerate(lines.west)] + \
              [dict(line=line, north_write=1, north_address=address) for address, line in enumerate(lines.north)]
    start = len(entries) + max(config.rows, config.columns)
    schedule_controls(config, controls_of(config, command, 0, 0), start, entries)
    ready = start + program.steps(tile) + timing.drain_lag(config.rows, config.columns) + drain_at
    leaves = {}
    for place, slot in enumerate(slots or range(config.interleave)):
        for row in range(config.rows):
            cycle = ready + place * config.rows + row
            merge(entries, cycle, "drain_shift" if row else "drain_load", 1)
            entries[cycle]["drain_slot"] = slot
            leaves[cycle + 1] = row, slot
    drained = play(device(build, config), entries, "drained")["drained"]
    c = np.zeros((config.rows, config.tile_columns), np.uint32)
    for cycle, (row, slot) in leaves.items():
        for column in range(config.columns):
            c[row, slot * config.columns + column] = drained[cycle] >> 32 * column & 0xFFFFFFFF
    return c


@pytest.mark.parametrize("rows, columns, interleave, largest_m, sparsity, depth", [
    (1, 1, 4, 4, None, 9), (2, 3, 4, 8, "2:8", 20), (3, 2, 5, 16, "4:16", 32), (2, 2, 4, 16, None, 15),
    (1, 3, 8, 8, "1:4", 16)])
def test_the_array_multiplies_as_golden_and_its_sums_stand_when_promised(
        build, rng, rows, columns, interleave, largest_m, sparsity, depth):
    config = SatConfig(rows=rows, columns=columns, interleave=interleave, largest_m=largest_m, chunk=32)
    program, a, b = single_tile(config, Sparsity.parse(sparsity), depth, rng)
    c = play_tile(build, program, a, b)
    expected = gemm(a, b).view(np.uint32)
    assert c.tolist() == expected.tolist()
    assert c.size == rows * columns * interleave
    finite = np.isfinite(expected.view(np.float32)).all(axis=1)
    assert finite.tolist() == [True] * max(1, rows - 1) + [False] * (rows > 1)


def test_a_cycle_earlier_only_the_very_last_sum_is_missing(build, rng):
    config = SatConfig(rows=2, columns=2, largest_m=4, chunk=16)
    program, a, b = single_tile(config, None, 8, rng)
    a[np.isinf(a)] = 1
    expected, last = gemm(a, b).view(np.uint32), config.interleave - 1
    for slot, missing in [(last, [[1, 2 * last + 1]]), (last - 1, [])]:
        early = play_tile(build, program, a, b, drain_at=-1, slots=[slot])
        columns = [2 * slot, 2 * slot + 1]
        differs = np.argwhere(early[:, columns] != expected[:, columns]) + [0, 2 * slot]
        assert differs.tolist() == missing
