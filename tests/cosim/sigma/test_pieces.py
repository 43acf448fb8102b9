"""Pieces of a GEMM on SIGMA cover it once, and give what the whole gives in their place where they sum as it does."""

from dataclasses import replace

import numpy as np
import pytest

import cosim
from cosim import Operands
from cosim.check.checker import Checker
from cosim.engines.functional import Functional
from cosim.im2col import Im2col
from cosim.operands import operands_of
from cosim.sigma.pieces import SigmaPieces
from cosim.sigma.reference import products
from rtl.sigma.config import SigmaConfig
from rtl.sparsity import Sparsity
from tests.cosim.programs import scheduled
from tests.cosim.support import bits, normal
from tests.support.sigma import sparse
from tests.support.windows import SIZE, WINDOWS, source_of
from tlm import Gemm, schedule, simulate
from tlm.sigma.mapping import SigmaMapping
from tlm.sigma.zeros import ExactZeros

TINY = SigmaConfig(name="tiny", engines=2, lanes=4, results=4, rows=4, columns=8, memory_latency=4)
SHORT, LONG = 120, 10**6  # cycles: no room for all of k, and room for everything
SHAPES = [(7, 70, 11), (3, 1, 1), (9, 40, 30)]


def case(shape, mapping, share=0.6, count=1, sparsity=None, seed=1, config=TINY):
    """(program, operands)"""
    (m, k, n), rng, front = shape, np.random.default_rng(seed), (count,) if count > 1 else ()
    gemm = Gemm(m, k, n, Sparsity.parse(sparsity), layer="conv", stage="ff", count=count)
    given = operands_of(gemm, sparse(rng, (*front, m, k), share), sparse(rng, (*front, k, n), share))
    return scheduled(gemm, given, config, mapping), given


def first_columns(piece, given):
    """Whether any element of k has a streamed value in the block, but none in the piece's columns."""
    zeros, rows = piece.whole.zeros, slice(piece.row, piece.row + piece.program.shape[0])
    k, size = slice(0, piece.whole.gemm.k), piece.whole.mapping.columns
    left = piece.column // size * size
    own = slice(piece.column, piece.column + piece.program.shape[2])
    return (zeros.kept(piece.item, rows, k, own) != zeros.kept(piece.item, rows, k, slice(left, left + size))).any()


@pytest.mark.parametrize("mapping", ["mk", "kn", SigmaMapping("mk", 3, 5, "columns")], ids=str)
@pytest.mark.parametrize("longest", [1, SHORT, LONG])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_multiplication_is_in_one_piece_which_is_for_the_wholes_zeros(shape, mapping, longest, count):
    program, given = case(shape, mapping, count=count)
    pieces, (m, k, n) = SigmaPieces(program, longest), shape
    times = np.zeros((count, m, k, n), int)
    for piece in pieces:
        row, column = piece.origins["c"][-2:]
        height, depth, width = piece.program.gemm.shape
        times[piece.item, row : row + height, piece.start : piece.start + depth, column : column + width] += 1
        own = piece.operands(given).arrays
        sides = own if program.dataflow == "mk" else (own[1].T, own[0].T)
        assert piece.program.zeros == ExactZeros.of(*sides) and piece.program.mapping == program.mapping
    assert (times == 1).all() and len(list(pieces)) == len(pieces)
    assert sum(piece.program.macs for piece in pieces) == program.macs


@pytest.mark.parametrize("mapping", ["mk", "kn"])
@pytest.mark.parametrize("sparsity, chunk", [(None, 4), ("2:8", 8), ("1:16", 16)])
def test_a_stretch_is_of_whole_chunks_and_groups_as_many_as_there_is_time_for(mapping, sparsity, chunk):
    program, given = case((9, 400, 11), mapping, 1.0, sparsity=sparsity)
    for piece in (pieces := SigmaPieces(program, 600)):
        assert piece.start % chunk == 0 and simulate(piece.program).cycles <= 600 * 1.2
        Functional(TINY).run(piece.program, piece.operands(given))  # its operands are pruned, and have its zeros
        assert piece.block(np.zeros((9, 11), np.float32)) is None
    assert 1 < len(pieces) < 400 // chunk * 9
    assert {piece.program.gemm.k for piece in SigmaPieces(program, LONG)} == {400}


@pytest.mark.parametrize("mapping", ["mk", "kn"])
@pytest.mark.parametrize("output", ["fp32", "fp16"])
def test_over_all_of_k_a_block_gives_what_the_whole_has_in_its_place(mapping, output):
    (whole, given) = case((9, 40, 21), mapping, count=2)
    whole = replace(whole, gemm=replace(whole.gemm, output=output))
    c = products(whole, given)
    for piece in SigmaPieces(whole, LONG):
        found, _ = Functional(TINY).run(piece.program, piece.operands(given))
        item, row, column = piece.origins["c"]
        block = piece.block(c)
        assert np.array_equal(bits(found), bits(block)) and bits(block)[0, 0] == bits(c)[item, row, column]


@pytest.mark.parametrize("mapping", ["mk", "kn"])
def test_some_columns_of_a_block_do_so_where_all_of_it_keeps_the_same_values(mapping):
    """A row of the stream that is empty in a piece's columns alone takes a lane in the whole, and none in the piece."""
    program, given = case((8, 4, 16), mapping, 0.45, seed=3)
    pieces, c = SigmaPieces(program, 1), products(program, given)
    assert {piece.program.shape[2] for piece in pieces} == {1}
    others = [first_columns(piece, given) for piece in pieces]
    assert len(set(others)) == 2
    for piece, other in zip(pieces, others, strict=True):
        found, _ = Functional(TINY).run(piece.program, piece.operands(given))
        assert (piece.block(c) is None) == other
        assert other or np.array_equal(bits(found), bits(piece.block(c)))


@pytest.mark.parametrize("window", WINDOWS[:3], ids=str)
@pytest.mark.parametrize("side", ["a", "a transposed", "b"])
def test_so_does_a_piece_of_an_im2col_matrix(window, side):
    rng, other = np.random.default_rng(2), 9
    images = normal(rng, (2, *SIZE, 5))
    source = replace(source_of(images, window), transposed=side == "a transposed")
    lazy = Im2col(images, source, 5, side != "a")
    if side == "b":
        given = Operands(normal(rng, (other, lazy.shape[0])), lazy)
    else:
        given = Operands(lazy, normal(rng, (lazy.shape[1], other)))
    sources = {"source_b" if side == "b" else "source": source}
    gemm = Gemm(given.a.shape[0], given.a.shape[1], given.b.shape[1], **sources)
    whole = scheduled(gemm, given, TINY)
    c = products(whole, given)
    for piece in SigmaPieces(whole, LONG):
        assert piece.program.gemm.sources == (None, None)
        found, _ = Functional(TINY).run(piece.program, piece.operands(given))
        assert np.array_equal(bits(found), bits(piece.block(c)))


@pytest.mark.parametrize("engine", ["myhdl", "icarus"])
def test_pieces_on_the_rtl_have_the_functional_engines_bits_and_the_models_cycles(engine):
    checker = Checker(cosim.engine(engine, TINY))
    for mapping in ("mk", "kn"):
        whole, given = case((9, 24, 11), mapping, 0.5)
        c, pieces = products(whole, given), SigmaPieces(whole, 90)
        for number in (0, len(pieces) // 2, len(pieces) - 1):
            piece = pieces[number]
            checker.check(piece.program, piece.operands(given), piece.origins, piece.block(c))
    assert len(checker.checked) == 6 and all(one.equal for one in checker.checked)


def test_operands_of_zeros_have_pieces_too():
    program, given = case((9, 20, 11), "mk", 0.0)
    for piece in SigmaPieces(program, LONG):
        found, _ = Functional(TINY).run(piece.program, piece.operands(given))
        assert not bits(found).any() and not piece.block(np.zeros((9, 11), np.float32)).any()


def test_a_program_from_densities_has_none():
    with pytest.raises(ValueError, match="a program that runs must be made for the zeros of its operands"):
        SigmaPieces(schedule(Gemm(4, 8, 4), TINY, "mk"), LONG)


def test_what_a_piece_keeps_is_a_copy_and_it_says_what_it_is():
    program, given = case((5, 70, 19), "kn", 1.0)
    pieces, c = SigmaPieces(program, SHORT), np.ones((5, 19), np.float32)
    last = pieces[-1]
    one, before = last.operands(given), last.operands(given).a.copy()
    given.a[:] = 2
    assert np.array_equal(one.a, before)
    assert last.text == f"rows 0 to 4, columns 16 to 18, k {last.start} to 69 of 5 x 70 x 19" and last.start > 0
    block = SigmaPieces(program, LONG)[0].block(c)
    c[:] = 2
    assert (block == 1).all()
    assert " of product 2 of " in SigmaPieces(case((5, 70, 9), "mk", count=3)[0], SHORT)[-1].text
