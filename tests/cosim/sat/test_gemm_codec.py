"""A GEMM on the device's streams: lines hold the operands, commands the tile, and beats become the result again."""

import numpy as np
import pytest

from cosim import Operands
from cosim.sat import gemm_codec
from cosim.sat.gemm_codec import north_lines, west_lines
from rtl.sat import layouts
from rtl.sat.config import BEAT, SatConfig
from tests.cosim.programs import ODD, as_received, number, program_of, pruned, stored
from tests.cosim.support import PATTERNS, TINY, bits
from tests.support import floats
from tests.support.script import fields

SMALL = SatConfig(name="small", rows=2, columns=2, interleave=2, largest_m=4, chunk=16)
every_config = pytest.mark.parametrize("config", [TINY, ODD], ids=["tiny", "odd"])
every_mapping = pytest.mark.parametrize("mapping", ["os", "ws"])


def integers(rows, columns):
    """1, 2, 3, ... in float16."""
    return np.arange(1, rows * columns + 1, dtype=np.float16).reshape(rows, columns)


def halves(line, count):
    """The numbers in a line's low elements."""
    return line[: 2 * count].view(np.float16).tolist()


def test_west_lines_by_hand_where_sums_are_stationary():
    """Three rows of five: the block of two rows from the bottom up, then the last row with an empty one above."""
    program = program_of(3, 5, 1, config=SMALL)
    first, last = (west_lines(program, integers(3, 5), tile) for tile in program.tiles())
    assert [halves(line, 8) for line in first] == [[6, 7, 8, 9, 1, 2, 3, 4], [10, 0, 0, 0, 5, 0, 0, 0]]
    assert [halves(line, 8) for line in last] == [[0, 0, 0, 0, 11, 12, 13, 14], [0, 0, 0, 0, 15, 0, 0, 0]]


def test_west_lines_by_hand_where_weights_are_stationary():
    """A line for each row of the result: each row of the array takes its group of it; the third is a tile's own."""
    program = program_of(3, 9, 1, config=SMALL, mapping="ws")
    first, last = (west_lines(program, integers(3, 9), tile) for tile in program.tiles())
    assert [halves(line, 8) for line in first] == [[*range(1, 9)], [*range(10, 18)], [*range(19, 27)]]
    assert [halves(line, 8) for line in last] == [[x, 0, 0, 0, 0, 0, 0, 0] for x in (9, 18, 27)]


def weights_in(line, count, width=18):
    """(value, index) of a line's weights: the slots of the first column, then those of the second."""
    found = [number(line) >> width * place & (1 << width) - 1 for place in range(count)]
    return [(float(np.uint16(word & 0xFFFF).view(np.float16)), word >> 16) for word in found]


def test_north_lines_of_dense_weights_by_hand():
    """Three columns on two: the third is the first one's second slot. A dense weight has no index, and no zeros."""
    program = program_of(1, 3, 3, config=SMALL)
    (tile,) = program.tiles()
    lines = north_lines(program, integers(3, 3), tile)
    assert [weights_in(line, 4) for line in lines] == [
        [(1, 0), (3, 0), (2, 0), (0, 0)],
        [(4, 0), (6, 0), (5, 0), (0, 0)],
        [(7, 0), (9, 0), (8, 0), (0, 0)],
    ]


def test_north_lines_of_sparse_weights_by_hand():
    program = program_of(1, 6, 1, "2:4", SMALL)
    (tile,) = program.tiles()
    b = np.array([[0], [5], [0], [-7], [3], [0]], np.float16)
    assert [weights_in(line, 1) for line in north_lines(program, b, tile)] == [[(5, 1)], [(-7, 3)], [(3, 0)], [(0, 1)]]


def test_stationary_dense_weights_step_through_the_zeros_that_fill_a_group():
    program = program_of(1, 6, 1, config=SMALL, mapping="ws")
    (tile,) = program.tiles()
    values = [weights_in(line, 1)[0][0] for line in north_lines(program, integers(6, 1), tile)]
    assert values == [1, 2, 3, 4, 5, 6, 0, 0] and len(values) == tile.north_lines


@every_config
@every_mapping
@pytest.mark.parametrize("sparsity", [None, "2:8"])
def test_west_lines_hold_each_activation_at_its_place_and_zeros_beyond(config, sparsity, mapping):
    program, seen = program_of(7, 50, 9, sparsity, config, mapping=mapping), 0
    a, _ = pruned(program)
    for tile in program.tiles():
        lines = west_lines(program, a, tile)
        assert len(lines) == tile.west_lines and lines.shape[1] == -(-layouts.line_bits(config) // 8)
        for i, line in enumerate(map(number, lines)):
            assert line >> 16 * BEAT * config.rows == 0
            for lane in range(config.rows * BEAT):
                row, element = lane // BEAT, lane % BEAT
                if mapping == "ws":
                    m, k = i // tile.beats, row * tile.group_size + i % tile.beats * BEAT + element
                else:
                    m, k = config.rows - 1 - row, i * BEAT + element
                inside = m < tile.rows and k < tile.depth
                want = bits(a)[tile.row + m, tile.start + k] if inside else 0
                assert line >> 16 * lane & 0xFFFF == want
                seen += inside
    assert seen == a.size * -(-9 // config.tile_columns)


@every_config
@every_mapping
@pytest.mark.parametrize("sparsity", PATTERNS[:6])
def test_north_lines_give_every_weight_back_at_its_place(sparsity, config, mapping):
    """Slot i of the array's column c holds the weights of the result's column i * columns + c."""
    program = program_of(2, 50, 40, sparsity, config, mapping=mapping)
    _, b = pruned(program)
    width, found = layouts.weight(config).width, np.zeros(b.shape, np.uint16)
    for tile in program.tiles():
        lines = north_lines(program, b, tile)
        assert len(lines) == tile.north_lines and lines.shape[1] == -(-layouts.line_bits(config) // 8)
        for i, line in enumerate(map(number, lines)):
            for place in range(config.tile_columns):
                column, slot = divmod(place, config.interleave)
                word = line >> width * place & (1 << width) - 1
                index = word >> 16 if program.gemm.sparsity else i % tile.kept_per_group
                k, n = (
                    tile.start + i // tile.kept_per_group * tile.group_size + index,
                    tile.column + slot * config.columns + column,
                )
                if n < tile.column + tile.columns and k < 50:
                    found[k, n] |= word & 0xFFFF
                else:
                    assert word & 0xFFFF == 0
    assert np.array_equal(found, bits(b))


@every_mapping
def test_a_tiles_lines_are_its_activations_and_then_its_weights(mapping):
    program = program_of(5, 37, 19, "2:8", ODD, mapping=mapping)
    a, b = pruned(program)
    for tile in program.tiles():
        lines = gemm_codec.encoder(program, Operands(a, b))(tile)
        assert lines.dtype == np.uint8 and len(lines) == program.lines(tile)
        assert np.array_equal(lines[: tile.west_lines], west_lines(program, a, tile))
        assert np.array_equal(lines[tile.west_lines :], north_lines(program, b, tile))


@every_mapping
@pytest.mark.parametrize("sparsity, output", [(None, "fp32"), ("2:8", "fp16")])
def test_a_command_says_what_the_tile_is_and_has_no_kind_bit(sparsity, output, mapping):
    program = program_of(5, 39, 19, sparsity, TINY, output, mapping)
    layout, tiles = layouts.command(TINY), list(program.tiles())
    for tile in tiles:
        command = gemm_codec.command(program, tile)
        assert command >> layouts.command_bits(TINY) - 1 == 0
        assert fields(layout, command) == dict(
            west_lines=tile.west_lines,
            north_lines=tile.north_lines,
            groups=tile.groups,
            kept_per_group=tile.kept_per_group,
            kept_in_last_group=tile.kept_in_last_group,
            beats=tile.beats,
            sparse=sparsity is not None,
            first=tile.first,
            last=tile.last,
            rows=tile.rows,
            slots=program.slots(tile),
            width=tile.columns - (program.slots(tile) - 1) * TINY.columns,
            half=output == "fp16",
            weights=mapping == "ws",
        )
    assert len(tiles) >= 6 and {1, 2} == {(tile.columns - 1) % 2 + 1 for tile in tiles}


@every_config
@every_mapping
@pytest.mark.parametrize("output", ["fp32", "fp16"])
def test_beats_become_the_result_again(config, output, mapping):
    program = program_of(7, 20, 53, "2:4", config, output, mapping)
    c = np.random.default_rng(5).integers(0, 1 << (32 if output == "fp32" else 16), (7, 53))
    got = gemm_codec.result(program, as_received(stored(program, c), config.columns))
    assert got.dtype == {"fp32": np.float32, "fp16": np.float16}[output]
    assert np.array_equal(bits(got), c)


def test_beats_of_a_result_by_hand():
    """Two rows, three columns on two: the first slot's rows, then the second's, of whose beats half is not used."""
    program = program_of(2, 4, 3, config=SMALL)
    one = [floats.single(x) for x in (1, 2, 3, 4, 5, 6)]
    received = as_received([one[0] | one[1] << 32, one[3] | one[4] << 32, one[2] | 99 << 32, one[5] | 99 << 32], 2)
    assert gemm_codec.result(program, received).tolist() == [[1, 2, 3], [4, 5, 6]]


def test_a_gemm_needs_no_constants():
    assert gemm_codec.constants(Operands(*pruned(program_of(2, 4, 3)))) == 0
