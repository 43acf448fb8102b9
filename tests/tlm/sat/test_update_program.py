"""A weight update as tiles, and what each moves: worked out by hand, and what holds for every one."""

import numpy as np
import pytest
from hypothesis import given

from rtl.sat import layouts
from rtl.sat.config import PRESETS, SatConfig
from rtl.sigma.config import PRESETS as SIGMA
from rtl.sparsity import Sparsity
from tests.support.gemm_times import BASE
from tests.support.properties import few
from tests.support.update_programs import BOTH, tiles
from tests.support.workloads import updates
from tlm import Update, UpdateProgram, UpdateTile
from tlm.sat.update_program import schedule_update


def test_two_kernel_positions_of_three_channels_by_hand():
    """Each position streams by as a group of four; the fifth column is a tile of its own."""
    program = schedule_update(Update(6, 5, 3, **BOTH), BASE)
    assert (program.update.segment, program.update.streamed, program.update.stores_half) == (4, 8, False)
    first, second = tiles(program)
    assert (first, second) == (UpdateTile(0, 8, 8, 0, 4), UpdateTile(0, 8, 8, 4, 1))
    assert [(program.slices(t), program.steps(t), program.lines(t)) for t in (first, second)] == [(16, 16, 32)] * 2
    assert [program.weights(t) for t in (first, second)] == [24, 6]
    assert [program.read_bytes(t) for t in (first, second)] == [(24 * 3 * 4, 0), (6 * 3 * 4, 0)]
    assert [program.read_cycles(t) for t in (first, second)] == [10 + 32] * 2  # 288 bytes are 9 cycles
    # Of a vector 256 bits; of a group of four vectors 4 lanes x 2 kept x 18 bits, in both copies; words have 64 bits.
    assert program.sections == dict(masters=256, forward=144, backward=144)
    assert [program.beats(t) for t in (first, second)] == [8 * 4 + 2 * 3 + 2 * 3] * 2
    # Masters and velocities; forward 2 groups a column, backward a group a row: 2 values of 16 + 2 bits each.
    assert program.write_bytes(first) == 24 * 8 + (2 * 4 + 6) * 2 * 18 // 8
    assert program.write_bytes(second) == 6 * 8 + (2 * 1 + 6) * 2 * 18 // 8
    assert [program.write_cycles(t) for t in (first, second)] == [10 + 44] * 2


@pytest.mark.parametrize(
    "change, sections, beats, size",
    [
        (dict(), dict(masters=256, half=64), 8 * 4 + 8, 32 * (8 + 2)),
        (dict(momentum=False), dict(half=64), 8, 32 * 2),
        (dict(half=False), dict(masters=256), 8 * 4, 32 * 8),
        (dict(sparsity=Sparsity(1, 4)), dict(masters=256, half=64), 8 * 4 + 8, 32 * (8 + 2)),
        (
            dict(sparsity=Sparsity(1, 4), forward=True),
            dict(masters=256, half=64, forward=72),
            40 + 2 * 2,
            320 + 8 * 18 // 8,
        ),
        (
            dict(sparsity=Sparsity(2, 4), backward=True, momentum=False),
            dict(half=64, backward=144),
            8 + 2 * 3,
            64 + 8 * 2 * 18 // 8,
        ),
        (dict(**BOTH, momentum=False), dict(forward=144, backward=144), 2 * 3 + 2 * 3, 2 * 8 * 2 * 18 // 8),
    ],
    ids=str,
)
def test_sections_by_hand_for_each_kind(change, sections, beats, size):
    program = schedule_update(Update(8, 4, 8, **change), BASE)
    (tile,) = tiles(program)
    assert tile == UpdateTile(0, 8, 8, 0, 4)
    assert (program.sections, program.beats(tile), program.write_bytes(tile)) == (sections, beats, size)


def test_a_reduction_needs_a_third_of_the_bytes_and_a_line_for_each_slice():
    program = schedule_update(Update(8, 4, 8, **BOTH, momentum=False), BASE)
    (tile,) = tiles(program)
    assert (program.slice_lines, program.lines(tile), program.read_bytes(tile)) == (1, 16, (32 * 4, 0))
    assert program.read_cycles(tile) == 10 + 16


def test_tiles_run_over_columns_then_rows_and_no_group_is_torn():
    """20 vectors would fit, but only 16 of them are whole groups."""
    config = SatConfig(rows=1, columns=1, largest_m=16, chunk=80)
    program = schedule_update(Update(40, 20, 20, Sparsity(4, 16), forward=True), config)
    assert (config.update_vectors, program.update.segment) == (20, 32)
    assert [(t.row, t.rows, t.vectors, t.column, t.columns) for t in program.tiles()] == [
        (row, 16, 16, column, columns) for column, columns in ((0, 16), (16, 4)) for row in (0, 16, 32, 48)
    ]
    assert [program.weights(t) for t in program.tiles()] == [w * c for c in (16, 4) for w in (16, 4, 16, 4)]


def test_without_a_copy_no_row_is_added_and_the_last_tile_is_short():
    program = schedule_update(Update(19, 3, 19, Sparsity(2, 4)), BASE)
    assert [(t.row, t.rows, t.vectors) for t in program.tiles()] == [(0, 8, 8), (8, 8, 8), (16, 3, 3)]
    only_backward = schedule_update(Update(19, 4, 19, Sparsity(2, 4), backward=True), BASE)
    assert [(t.row, t.rows, t.vectors) for t in only_backward.tiles()] == [(0, 8, 8), (8, 8, 8), (16, 3, 4)]


@few(120)
@given(updates())
def test_every_weight_is_in_one_tile_and_every_tile_fits(program):
    update, config = program.update, program.config
    segment, seen = update.segment, np.zeros((update.streamed, update.n), int)
    for tile in program.tiles():
        assert 1 <= tile.rows <= tile.vectors <= config.update_vectors and 1 <= tile.columns <= config.largest_m
        if update.forward or update.backward:
            assert tile.row % update.sparsity.m == tile.vectors % update.sparsity.m == 0
            assert tile.vectors - tile.rows < update.sparsity.m
        seen[tile.row : tile.row + tile.rows, tile.column : tile.column + tile.columns] += 1
        rows = [row for row in range(tile.row, tile.row + tile.rows) if row % segment < update.channels]
        assert program.weights(tile) == len(rows) * tile.columns > 0
    assert (seen == 1).all() and sum(map(program.weights, program.tiles())) == update.k * update.n
    if update.forward:
        assert segment % update.sparsity.m == 0 and segment - update.channels < update.sparsity.m


@few(120)
@given(updates())
def test_what_is_read_and_written_is_at_least_what_the_matrices_hold(program):
    update, every = program.update, tiles(program)
    weights = update.k * update.n
    assert sum(sum(program.read_bytes(t)) for t in every) == weights * (12 if update.momentum else 4)
    dense = weights * (8 * update.momentum + 2 * update.stores_half)
    groups = 0
    if update.forward:
        groups += update.k // update.channels * -(-update.channels // update.sparsity.m) * update.n
    if update.backward:
        groups += sum(-(-width // update.sparsity.m) for width in widths(program)) * update.k
    copies = groups * update.sparsity.n * (16 + (update.sparsity.m - 1).bit_length()) / 8 if groups else 0
    written = sum(map(program.write_bytes, every))
    assert dense + copies <= written < dense + copies + len(every)  # each tile rounds up to a byte
    for tile in every:
        assert program.beats(tile) * 32 * program.config.columns >= program.write_bytes(tile) * 8
        assert program.lines(tile) * layouts.line_bits(program.config) >= sum(program.read_bytes(tile)) * 8


def widths(program):
    """Columns of the tiles side by side."""
    return [tile.columns for tile in program.tiles() if tile.row == 0]


def test_a_group_longer_than_the_datapath_takes_is_refused():
    with pytest.raises(ValueError, match="sparsity 2:8 needs M up to largest_m = 4 of configuration custom"):
        schedule_update(Update(8, 8, 8, Sparsity(2, 8), forward=True), BASE)


def test_another_accelerators_configuration_is_refused():
    with pytest.raises(ValueError, match="^a program of SAT must be for a SatConfig, not for a SigmaConfig$"):
        schedule_update(Update(8, 8, 8), SIGMA["small"])


def test_a_program_is_of_its_update_and_each_of_its_tiles_leaves_at_once():
    update = Update(6, 5, 3, **BOTH, layer="conv1")
    program = schedule_update(update, BASE)
    assert isinstance(program, UpdateProgram) and program.work is update and program.macs == 0
    assert program.mapping is None and not program.for_operands
    assert [(t.first, t.last) for t in program.tiles()] == [(True, True)] * 2


@pytest.mark.parametrize(
    "change, dataflow",
    [
        (dict(), ""),
        (BOTH, "update"),
        (dict(BOTH, backward=False), "update"),
        (dict(BOTH, momentum=False), "use"),
        (dict(momentum=False), ""),
    ],
    ids=str,
)
def test_the_dataflow_says_where_copies_are_made(change, dataflow):
    assert schedule_update(Update(8, 8, 8, **change), BASE).dataflow == dataflow


@pytest.mark.parametrize("name, vectors, lines", [("small", 16, 1), ("medium", 64, 1), ("vcu1525", 256, 1)])
def test_a_preset_takes_a_slice_in_one_line_and_whole_groups_in_a_tile(name, vectors, lines):
    config = PRESETS[name]
    program = schedule_update(Update(1000, 32, 1000, Sparsity(2, 8), True, True), config)
    assert (config.update_vectors, program.slice_lines) == (vectors, lines)
    assert program.tile == [vectors, 0, 16]
    assert all(tile.vectors <= vectors for tile in program.tiles())
