"""A GEMM as tiles: chunks that cover k, tiles that cover c, and what each moves."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.config import BEAT, SatConfig
from rtl.sparsity import Sparsity
from tests.support.properties import few
from tlm import Gemm, schedule
from tlm.program import Chunk

SMALL = SatConfig(rows=2, columns=3, interleave=4, largest_m=8, chunk=16)


@st.composite
def programs(draw):
    """A GEMM of any shape on a small array of any shape."""
    largest_m = draw(st.sampled_from([4, 8, 16]))
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    config = SatConfig(rows=rows, columns=columns, interleave=draw(st.integers(4, 8)), largest_m=largest_m,
                       chunk=draw(st.sampled_from([16, 32, 48])))
    patterns = [Sparsity(n, m) for m in (4, 8, 16) for n in (1, 2, 4) if n < m <= largest_m]
    sparsity = draw(st.sampled_from([None, *patterns]))
    m, k, n = (draw(st.integers(1, size)) for size in (20, 150, 40))
    return schedule(Gemm(m, k, n, sparsity, draw(st.sampled_from(["fp32", "fp16"]))), config)


@pytest.mark.parametrize("k, sparsity, chunks", [
    (16, None, [Chunk(0, 16, 4, 4, 4)]),
    (18, None, [Chunk(0, 16, 4, 4, 4), Chunk(16, 2, 4, 4, 2)]),
    (37, None, [Chunk(0, 16, 4, 4, 4), Chunk(16, 16, 4, 4, 4), Chunk(32, 5, 4, 4, 1)]),
    (20, "2:8", [Chunk(0, 16, 8, 2, 2), Chunk(16, 4, 8, 2, 2)]),
    (9, "1:4", [Chunk(0, 9, 4, 1, 1)]),
])
def test_chunks_are_those_worked_out_by_hand(k, sparsity, chunks):
    assert schedule(Gemm(1, k, 1, Sparsity.parse(sparsity)), SMALL).chunks == chunks


def test_tiles_run_over_rows_then_columns_then_k():
    program = schedule(Gemm(3, 20, 13), SMALL)
    assert [(t.row, t.rows, t.column, t.columns, t.chunk.start, t.first, t.last) for t in program.tiles()] == [
        (0, 2, 0, 12, 0, True, False), (0, 2, 0, 12, 16, False, True),
        (0, 2, 12, 1, 0, True, False), (0, 2, 12, 1, 16, False, True),
        (2, 1, 0, 12, 0, True, False), (2, 1, 0, 12, 16, False, True),
        (2, 1, 12, 1, 0, True, False), (2, 1, 12, 1, 16, False, True)]


def test_what_a_tile_moves_is_what_was_worked_out_by_hand():
    program = schedule(Gemm(2, 16, 7, Sparsity(2, 8), "fp16"), SMALL)
    (tile,) = program.tiles()
    assert (tile.chunk.groups, tile.chunk.beats) == (2, 2)
    assert (tile.chunk.west_lines, tile.chunk.north_lines, program.lines(tile)) == (4, 4, 8)
    assert program.steps(tile) == 4 * 4                     # 4 kept values for each of 4 interleaved outputs
    assert program.read_bytes(tile) == (2 * (2 * 16 + 4 * 7), 4 * 7 * 3 / 8)
    assert (program.slots(tile), program.words(tile)) == (3, 6)
    assert program.write_bytes(tile) == 2 * 7 * 2
    assert program.read_cycles(tile) == 32 + 8              # 130.5 bytes at 32 a cycle are less than 8 lines
    assert program.write_cycles(tile) == 32 + 6


@few(80)
@given(programs())
def test_chunks_cover_k_exactly_and_fit_a_bank(program):
    size = program.config.chunk
    covered = [k for chunk in program.chunks for k in range(chunk.start, chunk.start + chunk.depth)]
    assert covered == list(range(program.gemm.k))
    for chunk in program.chunks:
        assert chunk.groups == -(-chunk.depth // chunk.group) and 1 <= chunk.tail <= chunk.values
        assert 1 <= chunk.west_lines <= size // BEAT and 1 <= chunk.north_lines <= size
        assert chunk.start % chunk.group == 0               # no group is torn


@few(80)
@given(programs())
def test_every_element_of_c_is_covered_once_by_each_chunk(program):
    gemm, config = program.gemm, program.config
    seen = np.zeros((len(program.chunks), gemm.m, gemm.n), int)
    stored = np.zeros((gemm.m, gemm.n), int)
    for tile in program.tiles():
        place = np.s_[tile.row:tile.row + tile.rows, tile.column:tile.column + tile.columns]
        seen[program.chunks.index(tile.chunk)][place] += 1
        stored[place] += tile.last
        assert 1 <= tile.rows <= config.rows and 1 <= tile.columns <= config.tile_columns
        assert tile.first == (tile.chunk.start == 0)
        assert tile.last == (tile.chunk.start + tile.chunk.depth == gemm.k)
    assert (seen == 1).all() and (stored == 1).all()


@few(80)
@given(programs())
def test_the_array_does_every_kept_multiply_add(program):
    done = sum(program.steps(tile) * program.config.elements for tile in program.tiles())
    assert done >= program.gemm.macs


def test_a_group_longer_than_the_datapath_takes_is_refused():
    with pytest.raises(ValueError, match="sparsity 2:16 needs M up to largest_m = 8 of configuration custom"):
        schedule(Gemm(2, 16, 2, Sparsity(2, 16)), SMALL)
