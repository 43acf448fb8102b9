"""Pieces of a GEMM cover it once, and give what the whole gives in their place."""

from dataclasses import replace

import numpy as np
import pytest

from cosim.engines.functional import Functional
from cosim.exchange import Operands
from cosim.im2col import Im2col
from cosim.operands import operands_of
from cosim.sat.gemm_pieces import GemmPieces, evenly
from cosim.sat.reference import products
from rtl.sparsity import Sparsity
from tests.cosim.support import TINY, bits, normal
from tests.support.windows import SIZE, WINDOWS, source_of
from tlm import Gemm, schedule, simulate

SHORT = 120  # cycles, in which there is no room for all of k
SOME = dict(a=(7, 70, 11), b=(3, 1, 1))


def pieces_of(shape, sparsity, dataflow, longest, count=1):
    gemm = Gemm(*shape, Sparsity.parse(sparsity), layer="conv", stage="ff", count=count)
    return GemmPieces(schedule(gemm, TINY, dataflow), longest)


@pytest.mark.parametrize("dataflow", ["os", "ws"])
@pytest.mark.parametrize("sparsity", ["dense", "2:8", "1:4"])
@pytest.mark.parametrize("longest", [SHORT, 10**6])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("shape", SOME.values(), ids=SOME)
def test_every_multiplication_is_in_one_piece(shape, sparsity, dataflow, longest, count):
    pieces = pieces_of(shape, sparsity, dataflow, longest, count)
    m, k, n = shape
    times = np.zeros((count, m, k, n), int)
    for piece in pieces:
        rows, columns = piece.origins["c"][-2:]
        height, depth, width = piece.program.gemm.shape
        times[piece.item, rows : rows + height, piece.start : piece.start + depth, columns : columns + width] += 1
    assert (times == 1).all() and len(list(pieces)) == len(pieces)
    assert sum(piece.program.gemm.macs for piece in pieces) == pieces.whole.gemm.macs


@pytest.mark.parametrize("dataflow", ["os", "ws"])
@pytest.mark.parametrize("sparsity", ["dense", "2:8"])
def test_a_piece_is_a_block_as_it_is_scheduled_over_as_many_tiles_as_there_is_time_for(sparsity, dataflow):
    pieces = pieces_of((9, 400, 11), sparsity, dataflow, 300)
    mapping = pieces.whole.mapping
    for piece in pieces:
        cycles, tiles = simulate(piece.program).cycles, -(-piece.program.gemm.k // mapping.depth)
        assert piece.program.mapping == mapping and piece.start % mapping.depth == 0 and not piece.all_of_k
        assert (piece.row % mapping.rows, piece.column % mapping.columns) == (0, 0)
        assert cycles <= 300 * 1.2 or tiles == 1
    assert {piece.program.gemm.k for piece in pieces_of((9, 400, 11), sparsity, dataflow, 10**6)} == {400}


@pytest.mark.parametrize("dataflow", ["os", "ws"])
@pytest.mark.parametrize("output", ["fp32", "fp16"])
def test_over_all_of_k_a_piece_gives_what_the_whole_has_in_its_place(dataflow, output):
    rng = np.random.default_rng(1)
    gemm = Gemm(7, 40, 11, Sparsity(2, 8), output, count=3)
    operands = operands_of(gemm, normal(rng, (3, 7, 40)), normal(rng, (3, 40, 11)))
    whole = schedule(gemm, TINY, dataflow)
    c = products(whole, operands)
    for piece in GemmPieces(whole, 10**6):
        found, _ = Functional(TINY).run(piece.program, piece.operands(operands))
        item, row, column = piece.origins["c"]
        block = piece.block(c)
        assert np.array_equal(bits(found), bits(block)) and block[0, 0] == c[item, row, column]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("side", ["a", "a transposed", "b"])
def test_so_does_a_piece_of_an_im2col_matrix_which_is_never_there_as_a_whole(window, side):
    rng = np.random.default_rng(2)
    images, other = normal(rng, (2, *SIZE, 5)), 9
    source = replace(source_of(images, window), transposed=side == "a transposed")
    lazy = Im2col(images, source, 5, side != "a")
    if side == "b":
        operands = Operands(normal(rng, (other, lazy.shape[0])), lazy)
    else:
        operands = Operands(lazy, normal(rng, (lazy.shape[1], other)))
    sources = {"source_b" if side == "b" else "source": source}
    gemm = Gemm(operands.a.shape[0], operands.a.shape[1], operands.b.shape[1], **sources)
    whole = schedule(gemm, TINY, "os")
    c, pieces = products(whole, operands), GemmPieces(whole, 10**6)
    for piece in pieces:
        assert piece.program.gemm.sources == (None, None)
        found, _ = Functional(TINY).run(piece.program, piece.operands(operands))
        assert np.array_equal(bits(found), bits(piece.block(c)))


def test_a_stretch_of_k_has_its_operands_pruned_as_the_whole_and_is_no_part_of_the_result():
    rng = np.random.default_rng(3)
    pieces = pieces_of((5, 70, 9), "2:8", "os", 30)
    operands = operands_of(pieces.whole.gemm, normal(rng, (5, 70)), normal(rng, (70, 9)))
    piece = next(piece for piece in pieces if piece.start)
    assert piece.start == piece.program.mapping.depth > 0 and piece.block(np.zeros((5, 9), np.float32)) is None
    k, one = slice(piece.start, piece.start + piece.program.gemm.k), piece.operands(operands)
    assert np.array_equal(one.a, operands.a[:2, k]) and np.array_equal(one.b, operands.b[k, :8])
    assert (one.b != 0).sum() == piece.program.gemm.kept * 8


@pytest.mark.parametrize("total, most, size", [(10, 4, 4), (9, 4, 3), (7, 100, 7), (7, 0, 1), (72, 70, 36)])
def test_parts_are_as_even_as_they_can_be(total, most, size):
    assert evenly(total, most) == size


def test_what_a_piece_keeps_is_a_copy():
    pieces, (a, b), c = pieces_of((4, 9, 3), "dense", "os", 10**6), np.ones((2, 4, 9), np.float16), np.ones((4, 3))
    one, block = pieces[0].operands(Operands(a, b.reshape(9, 4)[:, :3])), pieces[0].block(c)
    a[:], b[:], c[:] = 2, 2, 2
    assert (one.a == 1).all() and (one.b == 1).all() and (block == 1).all()


def test_a_piece_says_what_it_is():
    pieces = pieces_of((5, 70, 9), "2:8", "os", 30)
    last = pieces[-1]
    assert last.text == f"rows 4 to 4, columns 8 to 8, k {last.start} to 69 of 5 x 70 x 9"
    assert " of product 2 of " in pieces_of((5, 70, 9), "2:8", "os", 30, 3)[-1].text
