"""The off-chip reads of a GEMM's tiles, against the bookkeeping of a buffer that remembers every element."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rtl.sat.config import PRESETS
from tests.support.properties import few
from tests.support.workloads import cases
from tlm import Gemm, Mapping, schedule
from tlm.feature_map import FeatureMap
from tlm.memory import memory_of
from tlm.sat.dataflow import group_of
from tlm.sat.mapping import Mappings
from tlm.sat.traffic import NOTHING, PANEL, WHOLE, Traffic

# 8 x 8 images with 4 channels under a 3 x 3 kernel: 512 bytes each, and nine times as much in the im2col matrix.
IMAGES = FeatureMap(3, 8, 8, 4, (3, 3), (1, 1), (1, 1), (1, 1), (8, 8))


def with_buffer(kib, name="small"):
    return PRESETS[name].model_copy(update=dict(buffer_kib=kib))


class Buffer:
    """Keeps an operand whole, or as long as the panel stays the same, or not at all; `largest` elements at most."""

    def __init__(self, kept):
        self.kept, self.panel, self.inside, self.largest = kept, None, set(), 0

    def read(self, elements, panel):
        """Take a tile's elements of the operand. Returns how many of them had to be read."""
        if self.kept == NOTHING or (self.kept == PANEL and panel != self.panel):
            self.inside = set()
        missing = elements - self.inside
        self.panel, self.inside = panel, self.inside | elements
        self.largest = max(self.largest, len(self.inside) * (self.kept != NOTHING))
        return len(missing)


def bookkept(program):
    """Elements of a and lines of b's weights that each tile reads, and the most that were kept of each."""
    a, b = map(Buffer, program.traffic.kept)
    read = []
    for tile in program.tiles():
        elements = {
            (row, k)
            for row in range(tile.row, tile.row + tile.rows)
            for k in range(tile.start, tile.start + tile.depth)
        }
        weights = {
            (tile.start, line, column)
            for line in range(tile.north_lines)
            for column in range(tile.column, tile.column + tile.columns)
        }
        read.append((a.read(elements, tile.row), b.read(weights, tile.column)))
    return read, a.largest, b.largest


def totals(program):
    """Bytes of a, of b's values and of b's indices that are read in all."""
    a = sum(program.traffic.of_a(tile.row, tile.rows, tile.column, tile.depth) for tile in program.tiles())
    b = [program.traffic.of_b(tile.row, tile.north_lines, tile.columns) for tile in program.tiles()]
    return a, sum(values for values, _ in b), sum(indices for _, indices in b)


def index_bits(gemm):
    return (gemm.sparsity.m - 1).bit_length() if gemm.sparsity else 0


def kept_lines(gemm, dataflow):
    """Lines of weights: dense ones of the last group only where the sums stay."""
    group, values = group_of(gemm)
    return gemm.k if gemm.sparsity is None and dataflow == "os" else -(-gemm.k // group) * values


@few(120)
@given(cases().filter(lambda case: case[0].source is None))
def test_each_tile_reads_of_matrices_what_the_buffer_has_not_kept(case):
    gemm, config, mapping = case
    program = schedule(gemm, config, mapping)
    read, most_a, most_b = bookkept(program)
    for tile, (elements, weights) in zip(program.tiles(), read, strict=True):
        values, indices = program.read_bytes(tile)
        assert values == pytest.approx(2 * (elements + weights), abs=1e-6)
        assert indices == weights * index_bits(gemm) / 8
    assert 2 * most_a + (2 + index_bits(gemm) / 8) * most_b <= 1024 * config.buffer_kib


@few(100)
@given(cases())
def test_with_a_buffer_no_operand_is_read_more_often_than_without(case):
    gemm, config, mapping = case
    program = schedule(gemm, config, mapping)
    without = totals(schedule(gemm, config.model_copy(update=dict(buffer_kib=0)), mapping))
    assert all(ours <= theirs + 1e-6 for ours, theirs in zip(totals(program), without, strict=True))


@few(100)
@given(cases())
def test_without_a_buffer_each_tile_reads_all_it_needs(case):
    gemm, config, mapping = case
    program = schedule(gemm, config.model_copy(update=dict(buffer_kib=0)), mapping)
    assert program.traffic.kept == (NOTHING, NOTHING)
    for tile in program.tiles():
        weights = tile.north_lines * tile.columns
        assert program.read_bytes(tile) == (2 * (tile.rows * tile.depth + weights), weights * index_bits(gemm) / 8)


@few(100)
@given(cases())
def test_in_a_buffer_that_holds_both_operands_nothing_is_read_twice(case):
    gemm, config, mapping = case
    program = schedule(gemm, config.model_copy(update=dict(buffer_kib=1024)), mapping)
    a, values, indices = totals(program)
    matrix, lines = 2 * gemm.m * gemm.k, kept_lines(gemm, mapping.dataflow)
    assert a <= (min(matrix, gemm.source.bytes) if gemm.source else matrix) + 1e-6
    assert (values, indices) == (2 * lines * gemm.n, lines * gemm.n * index_bits(gemm) / 8)


@few(60)
@given(cases())
def test_a_larger_buffer_never_reads_more(case):
    gemm, config, mapping = case
    assume(gemm.sparsity or mapping.dataflow == "ws" or gemm.k % 4 == 0)  # else the zeros of b's last group count
    buffers = [config.model_copy(update=dict(buffer_kib=kib)) for kib in (0, 1, 2, 64)]
    read = [sum(totals(schedule(gemm, larger, mapping))) for larger in buffers]
    assert all(more <= less + 1e-6 for less, more in pairwise(read))


@pytest.mark.parametrize(
    "order, kib, kept, a, b",
    [
        # a is 64 x 64, b 64 x 96: 8 and 12 KiB; 16 rows of tiles 4 x 64 and 6 columns of tiles 64 x 16: 0.5 and 2 KiB.
        ("rows", 0, (NOTHING, NOTHING), 6 * 8, 16 * 12),
        ("rows", 1, (PANEL, NOTHING), 8, 16 * 12),
        ("rows", 11, (PANEL, NOTHING), 8, 16 * 12),
        ("rows", 12, (NOTHING, WHOLE), 6 * 8, 12),
        ("rows", 13, (PANEL, WHOLE), 8, 12),
        ("rows", 20, (PANEL, WHOLE), 8, 12),
        ("columns", 1, (NOTHING, NOTHING), 6 * 8, 16 * 12),
        ("columns", 2, (NOTHING, PANEL), 6 * 8, 12),
        ("columns", 9, (NOTHING, PANEL), 6 * 8, 12),
        ("columns", 10, (WHOLE, PANEL), 8, 12),
    ],
)
def test_what_is_kept_was_worked_out_by_hand(order, kib, kept, a, b):
    program = schedule(Gemm(64, 64, 96), with_buffer(kib), Mapping("os", 4, 16, 64, order))
    assert program.traffic.kept == kept
    assert totals(program) == (1024 * a, 1024 * b, 0)


def test_of_an_im2col_matrix_that_fits_the_images_are_read_once_and_the_matrix_never():
    gemm = Gemm(192, 36, 40, source=IMAGES)
    for dataflow in ("os", "ws"):
        a, values, _ = totals(schedule(gemm, with_buffer(16), dataflow))
        assert a == pytest.approx(IMAGES.bytes) == pytest.approx(2 * 192 * 36 / 9) and values == 2 * 36 * 40


def test_of_an_im2col_matrix_of_which_a_panel_fits_each_panel_reads_the_lines_it_touches():
    program = schedule(Gemm(192, 36, 40, source=IMAGES), with_buffer(1), Mapping("os", 4, 16, 36))
    assert program.traffic.kept == (PANEL, NOTHING)
    panels = [
        sum(
            program.traffic.of_a(*place)
            for place in ((tile.row, tile.rows, tile.column, tile.depth) for tile in program.tiles() if tile.row == row)
        )
        for row in range(0, 192, 4)
    ]
    line = 8 * 4 * 2
    # Of 4 pixels the matrix has 4 x 36 elements; the 2 lines at an image's edge are fewer bytes, and so are 3 inside.
    assert panels == pytest.approx([2 * line, 2 * line, *[3 * line] * 12, 2 * line, 2 * line] * 3)


def test_where_the_images_are_larger_than_the_matrix_the_matrix_is_read():
    strided = FeatureMap(1, 9, 9, 4, (1, 1), (3, 3), (0, 0), (1, 1), (3, 3))
    program = schedule(Gemm(9, 4, 40, source=strided), with_buffer(16))
    assert totals(program)[0] == 9 * 4 * 2 < strided.bytes


def test_of_the_transpose_too_the_images_are_read_once_where_they_fit_and_else_the_matrix():
    gemm = Gemm(36, 192, 40, source=replace(IMAGES, transposed=True))
    read = [totals(schedule(gemm, with_buffer(kib), Mapping("os", 4, 16, 64)))[0] for kib in (2, 0)]
    assert read == pytest.approx([IMAGES.bytes, 3 * 2 * 36 * 192])  # 3 columns of blocks


def test_a_block_whose_windows_lie_in_the_padding_reads_nothing_of_a():
    """The first and the last of eight lines of outputs meet the padding alone."""
    padded = FeatureMap(1, 6, 6, 4, (1, 1), (1, 1), (1, 1), (1, 1), (8, 8))
    program = schedule(Gemm(64, 4, 40, source=padded), with_buffer(1), Mapping("ws", 8, 16, 4))
    assert program.traffic.kept == (PANEL, WHOLE) and program.traffic.tiles == (8 * 3, 8 + 3 - 1 - 1)
    assert [sum(program.read_bytes(tile)) for tile in program.tiles() if tile.row == 56] == [0] * 3


@few(200)
@given(cases(), st.integers(1, 3))
def test_tiles_and_regions_count_what_the_tiles_read(case, count):
    gemm, config, mapping = case
    program = schedule(replace(gemm, count=count), config, mapping)
    tiles, along = list(program.tiles()), -(-gemm.k // mapping.depth)
    assert program.traffic.tiles == (len(tiles), sum(sum(program.read_bytes(tile)) > 0 for tile in tiles))
    of_region = {(left, top): [] for left in (True, False) for top in (True, False)}
    for tile in tiles:
        of_region[tile.column == 0, tile.row == 0].append(sum(program.read_bytes(tile)))
    order = (True, True), (False, True), (True, False), (False, False)
    for name, region in zip(order, program.traffic.regions, strict=True):
        read = of_region[name]
        assert region.blocks * along * count == len(read)
        assert region.reading * along * count == sum(size > 0 for size in read)
        assert region.size * count == pytest.approx(sum(read), abs=1e-6)


@few(100)
@given(cases())
def test_the_reads_of_many_mappings_are_those_of_each(case):
    gemm, config, mapping = case
    ones = [replace(mapping, rows=rows) for rows in sorted({1, mapping.rows})]
    sizes = (np.array(sizes) for sizes in zip(*((one.rows, one.columns, one.depth) for one in ones), strict=True))
    both = Traffic(gemm, Mappings(mapping.dataflow, *sizes, mapping.order), memory_of(config))
    alone = [schedule(gemm, config, one).traffic for one in ones]
    for found, expected in (
        *zip(both.total, zip(*(one.total for one in alone), strict=True), strict=True),
        *zip(both.tiles, zip(*(one.tiles for one in alone), strict=True), strict=True),
    ):
        assert np.broadcast_to(found, len(ones)).tolist() == list(expected)
