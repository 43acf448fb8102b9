"""The N:M contract: nm_mask and nm_compact against brute force over every choice of N elements."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rtl.golden import nm_compact, nm_mask, nm_pairs
from tests.support.floats import FP16_CLASSES
from tests.support.properties import few

PATTERNS = [(1, 4), (2, 4), (1, 8), (2, 8), (4, 8), (2, 16), (4, 4)]
VALUES = [0.0, -0.0, 1.0, -1.0, 1.5, -2.0, 6e-8, 65504.0, np.inf, -np.inf, np.nan]


@st.composite
def weights(draw):
    """(K, columns) float16 with few different values, so that ties, infinities and NaN are common."""
    shape = draw(st.tuples(st.integers(1, 35), st.integers(1, 4)))
    picks = np.random.default_rng(draw(st.integers(0, 2**32))).integers(len(VALUES), size=shape)
    return np.array(VALUES, np.float16)[picks]


def magnitude(value: float) -> float:
    return 1e9 if value != value else min(abs(value), 1e8)  # NaN above infinity above all others


def best(group: list[float], n: int) -> tuple[int, ...]:
    """The indices that the contract keeps: of all choices the largest magnitudes, then the lowest indices."""
    size = [magnitude(value) for value in group]
    return min(combinations(range(len(group)), n), key=lambda kept: (sorted(-size[i] for i in kept), kept))


@few(60)
@given(weights(), st.sampled_from(PATTERNS))
def test_a_mask_keeps_the_largest_of_each_group_and_the_lower_index_of_a_tie(w, pattern):
    n, m = pattern
    mask = nm_mask(w, n, m)
    assert mask.shape == w.shape and mask.dtype == bool
    for column in range(w.shape[1]):
        lane = w[:, column].tolist()
        for start in range(0, len(lane), m):
            group = lane[start : start + m]
            kept = best(group + [0.0] * (m - len(group)), n)
            assert mask[start : start + m, column].tolist() == [i in kept for i in range(len(group))]


@few(60)
@given(weights(), st.sampled_from(PATTERNS))
def test_the_compact_form_holds_the_kept_values_in_ascending_order_of_index(w, pattern):
    n, m = pattern
    values, indices = nm_compact(w, n, m)
    groups = -(-len(w) // m)
    assert values.shape == indices.shape == (groups, n, w.shape[1])
    assert values.dtype == w.dtype and indices.dtype == np.int64
    padded = np.pad(w, ((0, groups * m - len(w)), (0, 0)))
    for group in range(groups):
        for column in range(w.shape[1]):
            lane = padded[group * m : (group + 1) * m, column]
            kept = best(lane.tolist(), n)
            assert tuple(indices[group, :, column]) == kept
            assert values[group, :, column].tobytes() == lane[list(kept)].tobytes()


def test_a_short_last_group_is_padded_with_zeros():
    w = np.array([[3, 1, 2, 4, 0, -5]], np.float16).T
    assert nm_mask(w, 2, 4).T.tolist() == [[True, False, False, True, True, True]]
    values, indices = nm_compact(w, 2, 4)
    assert values[:, :, 0].tolist() == [[3, 4], [0, -5]]
    assert indices[:, :, 0].tolist() == [[0, 3], [0, 1]]


def test_any_further_axes_are_lanes_of_their_own():
    w = np.random.default_rng(1).standard_normal((16, 3, 5)).astype(np.float16)
    flat = nm_mask(w.reshape(16, 15), 2, 8)
    assert np.array_equal(nm_mask(w, 2, 8), flat.reshape(w.shape))
    assert flat.sum() == 15 * 4


@few(300)
@given(st.data(), st.sampled_from(PATTERNS))
def test_the_pairs_are_the_patterns_that_a_sort_by_the_contract_puts_first(data, pattern):
    """A sort of bit patterns, without floats: all NaN alike above infinity, signs and the order of arrival aside."""
    n, m = pattern
    elements = st.one_of(st.sampled_from(FP16_CLASSES), st.integers(0, 0xFFFF), st.integers(0x7C00, 0x7FFF))
    patterns = data.draw(st.lists(elements, min_size=2 * m, max_size=2 * m))
    expected = []
    for start in range(0, len(patterns), m):
        group = patterns[start : start + m]
        first = sorted(range(m), key=lambda index: (-min(group[index] & 0x7FFF, 0x7C01), index))[:n]
        expected.append([(group[index], index) for index in sorted(first)])
    assert nm_pairs(patterns, n, m) == expected
