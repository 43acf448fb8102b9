"""The off-chip reads of SIGMA: operands that the buffer keeps are read once, each choice by hand."""

import numpy as np
import pytest

from rtl.sigma.config import SigmaConfig
from tlm import Gemm
from tlm.feature_map import FeatureMap
from tlm.sigma.mapping import SigmaMapping
from tlm.sigma.program import schedule_sigma
from tlm.sigma.zeros import ExactZeros, UniformDensity

# Lines of 64 bits; of a Flex-DPE's two, one holds the settings: 8 bytes for 4 values.
BASE = SigmaConfig(engines=2, lanes=4, results=4, rows=4, columns=8)
DENSE = UniformDensity()
GEMM = Gemm(8, 128, 32)  # 2 x 4 blocks; a 8 x 128: 2048 bytes, 2048 of settings, 128; b 128 x 32: 8192, 512


def program(buffer=0, order="rows", zeros=DENSE, gemm=GEMM, stationary="mk", rows=4):
    config = BASE.model_copy(update=dict(buffer_kib=buffer))
    return schedule_sigma(gemm, config, zeros, SigmaMapping(stationary, rows, 8, order))


def gathers(program):
    """Bytes of the gather records, a line of each tile, that are read."""
    kept, _ = program.traffic.kept
    return 8 * sum(not kept or tile.column == 0 for tile in program.tiles())


@pytest.mark.parametrize(
    "buffer, order, kept",
    [
        (0, "rows", (False, False)),  # a, 4224 bytes, is read 4 times; b, 8704, twice
        (2, "rows", (False, False)),
        (3, "rows", (True, False)),  # a row of blocks of a is 2112 bytes
        (3, "columns", (False, True)),  # a column of blocks of b is 2176 bytes
        (5, "columns", (True, False)),  # a whole saves 3 x 4224, but 5120 - 4224 are too few for b
        (8, "rows", (True, False)),
        (11, "rows", (True, True)),  # 2112 + 8704 bytes
        (7, "columns", (True, True)),  # 4224 + 2176
        (1000, "rows", (True, True)),
        (1000, "columns", (True, True)),
    ],
)
def test_the_buffer_keeps_what_saves_most_and_of_the_outer_loop_a_block(buffer, order, kept):
    assert program(buffer, order).traffic.kept == kept


@pytest.mark.parametrize("buffer, order", [(0, "rows"), (3, "rows"), (3, "columns"), (5, "columns"), (1000, "columns")])
def test_what_is_kept_is_read_once_and_what_is_not_for_each_block(buffer, order):
    one = program(buffer, order)
    of_a, of_b = (1 if kept else again for kept, again in zip(one.traffic.kept, (4, 2), strict=True))
    values, others, results = one.bytes_moved
    assert values == 2048 * of_a + 8192 * of_b
    assert others == (2048 + 128) * of_a + 512 * of_b + gathers(one)
    assert one.traffic.estimate == (4224 * of_a, 8704 * of_b) and results == 8 * 32 * 4


def test_an_operand_that_is_passed_once_is_not_worth_keeping():
    one = program(1000, gemm=Gemm(4, 128, 8))
    assert one.traffic.kept == (False, False) and one.bytes_moved[0] == 2 * (4 * 128 + 128 * 8)


def test_only_values_other_than_zero_are_read_but_all_of_the_bitmaps():
    one = program(zeros=UniformDensity(0.5, 0.25))
    values, others, _ = one.bytes_moved
    tiles = list(one.tiles())
    stays = sum(tile.fold.values for tile in tiles)
    assert values == 2 * stays + 2 * 8192 / 4
    assert others == 4 * 128 + 2 * 512 + 8 * sum(tile.fold.engines for tile in tiles) + gathers(one)


def test_with_kn_the_images_and_sizes_are_those_of_b():
    one, other = program(1000, gemm=Gemm(32, 128, 8), stationary="kn"), program(1000)
    assert one.traffic.kept == other.traffic.kept and one.bytes_moved == other.bytes_moved


def test_of_an_im2col_matrix_that_is_kept_the_images_alone_are_read():
    source = FeatureMap(1, 4, 4, 8, (3, 3), (1, 1), (1, 1), (1, 1), (4, 4))
    gemm = Gemm(16, 72, 32, source=source)  # a 16 x 72: 2304 bytes; its images 4 x 4 x 8: 256
    assert source.bytes == 256
    for stationary, passes in (("mk", (4, 4)), ("kn", (2, 8))):
        kept, not_kept = (program(size, gemm=gemm, stationary=stationary) for size in (1000, 0))
        assert kept.traffic.kept == (True, True) and not_kept.traffic.kept == (False, False)
        assert kept.bytes_moved[0] == pytest.approx(256 + 2 * 72 * 32)
        again = passes if stationary == "mk" else passes[::-1]
        assert not_kept.bytes_moved[0] == 2304 * again[0] + 2 * 72 * 32 * again[1]


def test_what_is_kept_is_read_by_the_first_block_that_has_anything_to_do():
    """A chunk in which the first rows have no values is streamed for the second ones, and the other way round."""
    stationary, stream = np.ones((8, 8)), np.ones((8, 16))
    stationary[:4, :4] = 0  # in the first chunk
    one = program(1000, zeros=ExactZeros.of(stationary, stream), gemm=Gemm(8, 8, 16))
    assert one.traffic.kept == (True, True)
    assert one.bytes_moved[0] == 2 * (48 + 128)
    stationary, stream = np.ones((8, 8)), np.ones((8, 16))
    stream[4:, :8] = 0  # nothing of the second chunk stays for the first columns
    one = program(1000, zeros=ExactZeros.of(stationary, stream), gemm=Gemm(8, 8, 16))
    assert one.bytes_moved[0] == 2 * (64 + 96)


def test_a_load_from_the_buffer_alone_does_not_wait_for_memory():
    one = program(1000)
    (first, *_), last = one.tiles(), list(one.tiles())[-1]
    assert one.read_bytes(last) == (0, 0) and one.read_cycles(last) == 4 + one.lines(last)
    assert sum(one.read_bytes(first)) > 0 and one.read_cycles(first) >= 32 + one.lines(first)
