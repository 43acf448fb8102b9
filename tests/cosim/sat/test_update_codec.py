"""An update on the device's streams: weights become lines, and beats weights and compact copies again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim import Copy, Weights
from cosim.check.checker import compare_bits
from cosim.engines.functional import Functional
from cosim.sat import update_codec
from rtl.golden import Rates
from rtl.sat import layouts
from rtl.sat.config import SatConfig
from tests.cosim.programs import ODD, as_received, number, sent_back, tile_of, update_of, weights_of
from tests.cosim.support import TINY
from tests.support import floats, update
from tests.support.properties import few
from tests.support.script import fields
from tests.support.workloads import updates

# A line holds 4 FP32, a word 2; a vector has 4 weights, a slice 2.
SMALL = SatConfig(name="small", rows=2, columns=2, interleave=2, largest_m=4, chunk=16, update_lanes=2)


def singles(line):
    return line.view(np.float32).tolist()


def matrix(rows, columns, factor=1):
    """1, 2, 3, ... times a factor."""
    return (np.arange(1, rows * columns + 1, dtype=np.float32) * factor).reshape(rows, columns)


def test_lines_with_momentum_by_hand():
    """Three channels: zeros fill the group's fourth vector, and the fourth column of each. A slice takes two lines."""
    program = update_of(3, 3, 3, "2:4", SMALL, backward=False)
    (tile,) = program.tiles()
    weights = Weights(matrix(3, 3), matrix(3, 3, 10), matrix(3, 3, 100), Rates(1.0))
    assert [singles(line) for line in update_codec.encoder(program, weights)(tile)] == [
        [1, 2, 10, 20],
        [100, 200, 0, 0],
        [3, 0, 30, 0],
        [300, 0, 0, 0],
        [4, 5, 40, 50],
        [400, 500, 0, 0],
        [6, 0, 60, 0],
        [600, 0, 0, 0],
        [7, 8, 70, 80],
        [700, 800, 0, 0],
        [9, 0, 90, 0],
        [900, 0, 0, 0],
        *[[0] * 4] * 4,
    ]


def test_lines_without_momentum_by_hand():
    """Two kernel positions of one channel: each is a group, filled by three vectors of zeros. A line is a slice."""
    program = update_of(2, 2, 1, "2:4", SMALL, backward=False, momentum=False)
    (tile,) = program.tiles()
    empty = [[0] * 4]
    assert [singles(line) for line in update_codec.encoder(program, Weights(matrix(2, 2)))(tile)] == [
        [1, 2, 0, 0],
        *empty * 7,
        [3, 4, 0, 0],
        *empty * 7,
    ]


@pytest.mark.parametrize(
    "pattern, changes, want",
    [
        ("2:4", dict(), dict(masters=1, momentum=1, half=0, forward=1, backward=1, n=2, m=4)),
        ("1:4", dict(momentum=False), dict(masters=0, momentum=0, half=0, forward=1, backward=1, n=1, m=4)),
        ("2:4", dict(forward=False), dict(masters=1, momentum=1, half=1, forward=0, backward=1, n=2, m=4)),
        (None, dict(momentum=False), dict(masters=0, momentum=0, half=1, forward=0, backward=0, n=0, m=0)),
    ],
    ids=str,
)
def test_a_command_says_what_the_tile_is_and_its_top_bit_that_it_is_an_update(pattern, changes, want):
    program = update_of(12, 4, 12, pattern, SMALL, **changes)
    sizes = []
    for tile in program.tiles():
        command = update_codec.command(program, tile)
        assert command >> layouts.command_bits(SMALL) - 1 == 1
        rest = command & (1 << layouts.command_bits(SMALL) - 1) - 1
        assert rest >> layouts.update(SMALL).width == 0
        assert fields(layouts.update(SMALL), rest) == dict(want, vectors=tile.vectors)
        sizes.append(tile.vectors)
    assert sizes == [8, 4]


def test_the_constants_stand_in_their_fields():
    rates = Rates(0.1, 0.9, 5e-4, 1024.0)
    weights = np.ones((1, 1), np.float32)
    assert fields(layouts.rates(), update_codec.constants(Weights(weights, weights, weights, rates))) == dict(
        unscale=floats.single(1 / 1024), decay=floats.single(5e-4), momentum=floats.single(0.9), rate=floats.single(0.1)
    )
    assert update_codec.constants(Weights(weights)) == 0


def test_beats_of_a_result_by_hand():
    """One weight row of two columns: masters in four beats, then both copies in two: of 18 bits each entry."""
    program = update_of(1, 2, 1, "1:4", SMALL)
    weight, speed = floats.single(1.5), floats.single(-2.0)
    kept, other = floats.half(1.5), floats.half(7.0) | 1 << 16  # the second column's is of index 1
    nothing = [0] * 4
    sent = [[weight, weight, 0, 0, speed, speed, 0, 0]] + [nothing * 2] * 3
    found = [
        word
        for row in sent
        for word in (row[0] | row[1] << 32, row[2] | row[3] << 32, row[4] | row[5] << 32, row[6] | row[7] << 32)
    ]
    for row in (kept | other << 18, other):  # forward: lane by lane; backward: vector by vector
        found += [row & (1 << 64) - 1, row >> 64]
    got = update_codec.result(program, as_received(found, 2))
    assert (got.weights.tolist(), got.velocities.tolist(), got.half) == ([[1.5, 1.5]], [[-2.0, -2.0]], None)
    assert (got.forward.values.tolist(), got.forward.indices.tolist()) == ([[[1.5, 7.0]]], [[[0, 1]]])
    assert (got.backward.values.tolist(), got.backward.indices.tolist()) == ([[[7.0]]], [[[1]]])


CASES = {
    "nothing-sparse": dict(k=9, n=5, channels=9),
    "one-weight": dict(k=1, n=1, channels=1, sparsity="1:4"),
    "25-positions": dict(k=75, n=6, channels=3, sparsity="2:8"),
    "25-positions-of-one": dict(k=25, n=20, channels=1, sparsity="4:8"),
    "only-forward": dict(k=20, n=3, channels=10, sparsity="2:8", backward=False),
    "only-backward": dict(k=9, n=19, channels=3, sparsity="2:8", forward=False),
    "reduced": dict(k=20, n=9, channels=5, sparsity="1:4", momentum=False),
    "reduced-without-a-copy": dict(k=20, n=9, channels=5, momentum=False),
}
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
every_config = pytest.mark.parametrize("config", [TINY, ODD], ids=["tiny", "odd"])


@every_case
@every_config
def test_lines_hold_every_weight_at_its_place_and_zeros_beyond(config, case):
    program, moved = update_of(**case, config=config), 0
    weights = weights_of(program, "any_bits")
    for tile in program.tiles():
        lines = update_codec.encoder(program, weights)(tile)
        assert lines.dtype == np.uint8 and lines.shape == (program.lines(tile), -(-layouts.line_bits(config) // 8))
        assert list(map(number, lines)) == update.lines(config, tile_of(program, weights, tile))
        moved += len(lines)
    assert moved == sum(map(program.lines, program.tiles())) > 0


def assert_inverse(program, weights):
    """Beats that are made element by element give the functional engine's result."""
    received = as_received(sent_back(program, weights), program.config.columns)
    assert len(received) == sum(map(program.beats, program.tiles()))
    want, report = Functional(program.config).run(program, weights)
    got = update_codec.result(program, received)
    assert compare_bits(got, want, program, report) == ""
    assert [name for name, value in vars(got).items() if value is None] == [
        name for name, value in vars(want).items() if value is None
    ]
    return got


@every_case
@every_config
def test_beats_become_weights_and_copies_again(config, case):
    program = update_of(**case, config=config)
    got, what = assert_inverse(program, weights_of(program)), program.update
    if what.momentum:
        assert got.weights.dtype == got.velocities.dtype == np.float32
        assert got.weights.shape == got.velocities.shape == (what.k, what.n)
    if what.stores_half:
        assert got.half.dtype == np.float16 and got.half.shape == (what.k, what.n)
    groups = (
        {
            "forward": (what.streamed // what.sparsity.m, what.sparsity.n, what.n),
            "backward": (-(-what.n // what.sparsity.m), what.sparsity.n, what.k),
        }
        if what.sparsity
        else {}
    )
    for name, shape in groups.items():
        if copy := getattr(got, name):
            assert isinstance(copy, Copy) and (copy.values.dtype, copy.indices.dtype) == (np.float16, np.uint8)
            assert copy.values.shape == copy.indices.shape == shape


@few(60)
@given(updates(), st.sampled_from(sorted(update.NUMBERS)), st.integers(0, 999))
def test_lines_and_beats_of_any_update_are_those_made_element_by_element(program, kind, seed):
    weights = weights_of(program, kind, seed)
    for tile in list(program.tiles())[:4]:
        lines = update_codec.encoder(program, weights)(tile)
        assert list(map(number, lines)) == update.lines(program.config, tile_of(program, weights, tile))
    assert_inverse(program, weights)
