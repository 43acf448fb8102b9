"""stce_column: one column of the array, its groups from the west, its sums out at the top."""
import numpy as np
import pytest
from myhdl import Signal, intbv

from rtl import timing, words
from rtl.config import SatConfig
from rtl.golden import gemm
from rtl.sparsity import Sparsity
from rtl.stce_column import stce_column
from tests.support import floats
from tests.support.array import command_of, controls_of, lines_of, merge, pruned
from tests.support.script import fields, packed, play
from tlm import Gemm, schedule

LANE = 2            # cycles of north_lane, from control to step


def device(build, config):
    control, group = words.north_control(config), words.group_bits(config)
    widths = dict(
        write_address=control.bits("address"), write_data=config.interleave * words.weight(config).width,
        control=control.width, control_out=control.width, west_loads=config.rows, west=config.rows * group,
        east_loads=config.rows, east=config.rows * group, drain_slot=words.slot_bits(config), drain_in=32, drain_out=32)
    flags = ("clk", "rst", "write", "drain_load", "drain_shift")
    return build(stce_column, config=config, **{name: Signal(bool(0)) for name in flags},
                 **{name: Signal(intbv(0)[width:]) for name, width in widths.items()})


def group_word(config, activations):
    bits = activations.view(np.uint16).tolist()
    special = sum((value >> 10 & 31 == 31) << i for i, value in enumerate(bits))
    return sum(value << 16 * i for i, value in enumerate(bits)) | special << 16 * config.largest_m


def tile_script(program, a, b):
    """Script of the only tile of a program, and the cycle in which its last step reaches row 0's element."""
    config, (tile,) = program.config, program.tiles()
    entries = [dict(write=1, write_address=address, write_data=line)
               for address, line in enumerate(lines_of(program, tile, a, b).north)]
    command = fields(words.command(config), command_of(program, tile))
    _, north = controls_of(config, command, 0, 0)
    start, group = len(entries), -1
    for number, control in enumerate(north):
        merge(entries, start + number, "control", packed(words.north_control(config), **control))
        if control["first_value"] and control["read"]:
            group += 1
            for row in range(config.rows):          # steps go down a row a cycle, and so must the groups
                at = start + number + LANE + row
                part = a[row, group * tile.chunk.group:(group + 1) * tile.chunk.group]
                merge(entries, at, "west_loads", 1 << row)
                merge(entries, at, "west", group_word(config, part) << row * words.group_bits(config))
    return entries, start + len(north) - 1 + LANE


@pytest.mark.parametrize("rows, interleave, largest_m, sparsity, depth", [
    (1, 4, 4, None, 10), (3, 4, 8, "2:8", 24), (2, 5, 16, "4:16", 32), (4, 4, 16, None, 16)])
def test_a_column_multiplies_as_golden_and_drains_from_the_top(
        build, rng, rows, interleave, largest_m, sparsity, depth):
    config = SatConfig(rows=rows, columns=1, interleave=interleave, largest_m=largest_m, chunk=32)
    program = schedule(Gemm(rows, depth, interleave, Sparsity.parse(sparsity)), config)
    numbers = floats.numpy_of(rng)
    a, b = (numbers.standard_normal(shape).astype(np.float16) for shape in ((rows, depth), (depth, interleave)))
    b = pruned(b, program.gemm.sparsity)
    entries, last = tile_script(program, a, b)
    ready = last + rows + timing.SELECT + timing.FP16_MUL + timing.ACCUMULATE
    expected = gemm(a, b).view(np.uint32)
    leaves = {}
    for slot in range(interleave):
        for row in range(rows):
            cycle = ready + slot * rows + row
            merge(entries, cycle, "drain_shift" if row else "drain_load", 1)
            entries[cycle] |= dict(drain_slot=slot, drain_in=slot)
            leaves[cycle + 1] = expected[row, slot]
    got = play(device(build, config), entries, "drain_out")["drain_out"]
    assert {cycle: got[cycle] for cycle in leaves} == leaves
    assert len(leaves) == rows * interleave


def test_what_enters_at_the_bottom_leaves_at_the_top_after_a_shift_for_each_row(build, rng):
    config = SatConfig(rows=3, columns=1, chunk=16)
    below = [rng.getrandbits(32) for _ in range(20)]
    got = play(device(build, config), [dict(drain_shift=1, drain_in=word) for word in below], "drain_out")["drain_out"]
    assert got[config.rows:20] == below[:20 - config.rows]


def test_groups_and_control_reach_the_next_column_a_cycle_later(build, rng):
    config = SatConfig(rows=3, columns=1, largest_m=4, chunk=16)
    width, control = words.group_bits(config), words.north_control(config).width
    entries = [dict(west_loads=7, west=rng.getrandbits(3 * width), control=rng.getrandbits(control)) for _ in range(30)]
    got = play(device(build, config), entries, "east_loads", "east", "control_out")
    assert got["east_loads"][1:31] == [7] * 30
    assert got["east"][1:31] == [entry["west"] for entry in entries]
    assert got["control_out"][1:31] == [entry["control"] for entry in entries]
