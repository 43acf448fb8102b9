"""Operands in memory: bytes by the part that a buffer keeps, by hand; and of many mappings at once."""

import numpy as np
import pytest
from hypothesis import given

from rtl.sparsity import Sparsity
from tests.support.mappings import many
from tests.support.properties import few
from tests.support.workloads import cases
from tlm import Gemm, Mapping
from tlm.feature_map import FeatureMap
from tlm.sat.operands import NOTHING, PANEL, WHOLE, Activations, Weights

# 8 x 8 images of 4 channels under a 3 x 3 kernel: 512 bytes each, and nine times as much in the im2col matrix.
IMAGES = FeatureMap(3, 8, 8, 4, (3, 3), (1, 1), (1, 1), (1, 1), (8, 8))
TILES = Mapping("os", 4, 16, 36)


@pytest.mark.parametrize(
    "kept, space, read, of_column, of_first_block",
    [
        (WHOLE, 1536, 1536, 1536, 1536 / 48),
        # Panels of half a line of pixels meet 2 or 3 lines of images, 64 bytes each.
        (PANEL, 192, 3 * (4 * 128 + 12 * 192), 3 * (4 * 128 + 12 * 192), 128),
        (NOTHING, 0, 3 * 13824, 13824, 288),
    ],
)
def test_activations_by_hand(kept, space, read, of_column, of_first_block):
    a = Activations(Gemm(192, 36, 40, source=IMAGES), TILES)
    assert (a.whole, a.empty_panels) == (1536, 0)
    assert (a.space(kept), a.read(kept), a.of_column(kept)) == (space, read, of_column)
    assert a.of_first_block(kept) == of_first_block


@pytest.mark.parametrize(
    "kept, space, read, values", [(WHOLE, 810, 810, 360), (PANEL, 324, 810, 360), (NOTHING, 0, 48 * 810, 48 * 360)]
)
def test_weights_by_hand(kept, space, read, values):
    b = Weights(Gemm(192, 36, 40, Sparsity(1, 4)), TILES)
    assert (b.values, b.index_bits, b.whole) == (9 * 40, 2, 9 * 40 * 18 / 8)
    assert (b.space(kept), b.read(kept), b.read_values(kept), b.of_row(kept)) == (space, read, values, 810)


def test_dense_weights_have_no_indices_and_where_they_stay_zeros_fill_their_last_group():
    gemm = Gemm(4, 10, 3)
    assert (Weights(gemm, TILES).values, Weights(gemm, TILES).index_bits) == (10 * 3, 0)
    assert Weights(gemm, Mapping("ws", 4, 16, 8)).values == 12 * 3


def test_of_an_im2col_matrix_that_is_kept_whole_the_images_alone_are_read():
    b = Weights(Gemm(40, 36, 192, source_b=IMAGES), TILES)
    assert [b.share(kept) for kept in (WHOLE, PANEL, NOTHING)] == [pytest.approx(1 / 9), 1, 1]


@few(80)
@given(cases())
def test_of_many_mappings_all_are_arrays(case):
    gemm, _, mapping = case
    for kind in (Activations, Weights):
        alone, both = kind(gemm, mapping), kind(gemm, many(mapping, 2))
        for kept in (WHOLE, PANEL, NOTHING):
            for name in ("space", "read"):
                expected = getattr(alone, name)(kept)
                assert np.broadcast_to(getattr(both, name)(kept), 2).tolist() == [expected] * 2
