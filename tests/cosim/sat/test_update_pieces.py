"""Pieces of an update cover its weights once, and give what the whole gives in their place."""

import numpy as np
import pytest

from cosim import Weights
from cosim.engines.functional import Functional
from cosim.sat.update_pieces import UpdatePieces
from rtl.sparsity import Sparsity
from tests.cosim.programs import RATES
from tests.cosim.support import TINY
from tlm import Update, schedule_update, simulate

COPIES = {
    "no copies": (None, False, False),
    "forward": (Sparsity(1, 4), True, False),
    "backward": (Sparsity(2, 8), False, True),
    "both": (Sparsity(2, 8), True, True),
}
SHAPES = [(9, 5, 20), (2, 70, 9), (1, 40, 40), (1, 1, 50), (4, 8, 3)]  # kernel positions, channels, outputs
SHORT, LONG = 800, 10**6


def pieces_of(shape, copies, longest, momentum=True):
    (positions, channels, outputs), (sparsity, forward, backward) = shape, COPIES[copies]
    update = Update(
        positions * channels, outputs, channels, sparsity, forward, backward, momentum, "conv", half=momentum
    )
    return UpdatePieces(schedule_update(update, TINY), longest)


def operands(pieces, seed=1):
    numbers, update = np.random.default_rng(seed), pieces.whole.update
    matrices = numbers.standard_normal((3, update.k, update.n)).astype(np.float32)
    return Weights(*matrices, RATES) if update.momentum else Weights(matrices[0])


def arrays(updated):
    """By the names that the checker gives them."""
    found = {name: getattr(updated, name) for name in ("weights", "velocities", "half")}
    for name in ("forward", "backward"):
        copy = getattr(updated, name)
        found |= {f"{name} {part}": getattr(copy, part, None) for part in ("values", "indices")}
    return {name: array for name, array in found.items() if array is not None}


@pytest.mark.parametrize("longest", [SHORT, LONG])
@pytest.mark.parametrize("copies", COPIES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_weight_is_in_one_piece_and_no_group_in_two(shape, copies, longest):
    pieces, times = pieces_of(shape, copies, longest), np.zeros((shape[0] * shape[1], shape[2]), int)
    for piece in pieces:
        update, m = piece.program.update, COPIES[copies][0].m if COPIES[copies][0] else 1
        times[piece.row : piece.row + update.k, piece.column : piece.column + update.n] += 1
        channel = piece.row % shape[1]
        assert channel % m == 0 and piece.column % m == 0
        assert update.k % shape[1] == 0 == channel or (channel + update.k <= shape[1] and update.channels == update.k)
    assert (times == 1).all() and len(list(pieces)) == len(pieces)


@pytest.mark.parametrize("momentum", [True, False])
@pytest.mark.parametrize("longest", [SHORT, LONG])
@pytest.mark.parametrize("copies", ["forward", "backward", "both"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_piece_gives_what_the_whole_has_in_its_place(shape, copies, longest, momentum):
    pieces = pieces_of(shape, copies, longest, momentum)
    given = operands(pieces)
    whole, _ = Functional(TINY).run(pieces.whole, given)
    for piece in pieces:
        found, _ = Functional(TINY).run(piece.program, piece.operands(given))
        block = arrays(piece.block(whole))
        assert arrays(found).keys() == block.keys() == arrays(whole).keys()
        for name, array in arrays(found).items():
            part = tuple(
                slice(first, first + size) for first, size in zip(piece.origins[name], array.shape, strict=True)
            )
            assert array.tobytes() == block[name].tobytes() == arrays(whole)[name][part].tobytes()


@pytest.mark.parametrize("copies", COPIES)
def test_a_piece_is_as_long_as_there_is_time_for(copies):
    for shape in SHAPES:
        few, many = pieces_of(shape, copies, LONG), pieces_of(shape, copies, SHORT)
        assert len(few) == 1 and few[0].program.update == few.whole.update and len(many) >= len(few)
        for piece in many:
            update = piece.program.update
            one_group = update.k <= (update.sparsity.m if update.sparsity else 1)
            assert simulate(piece.program).cycles <= 1.3 * SHORT or one_group


def test_what_a_piece_keeps_is_a_copy_and_it_says_what_it_is():
    pieces = pieces_of((9, 5, 20), "both", SHORT)
    given = operands(pieces)
    piece = pieces[-1]
    kept = piece.operands(given)
    before = kept.weights.copy()
    given.weights[:] = 7
    assert np.array_equal(kept.weights, before) and kept.rates is RATES
    assert piece.text == f"rows {piece.row} to 44, columns 16 to 19 of 45 x 20"
