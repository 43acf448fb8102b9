"""The packing of stationary values: the paper's example, each rule by hand, and properties of every packing."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.sigma.config import SigmaConfig
from tests.support.properties import few
from tests.support.sigma import configurations
from tlm.sigma.packing import Fold, Segment, even, pack

PAPER = SigmaConfig(engines=2, lanes=4, results=4, rows=4, columns=8)


def shown(folds):
    """(row, count, result) of the segments of each fold and Flex-DPE."""
    return [
        [
            [(one.row, one.count, one.result) for one in fold.segments if one.engine == engine]
            for engine in range(fold.engines)
        ]
        for fold in folds
    ]


@st.composite
def cases(draw):
    """(counts of rows, configuration)"""
    config = draw(configurations())
    return tuple(draw(st.lists(st.integers(0, config.lanes), max_size=24))), config


def test_the_papers_example_fills_two_flex_dpes_and_the_middle_row_spans_them():
    """Rows of 2, 3 and 3 values: [A B D E] and [F G H I]."""
    (fold,) = pack((2, 3, 3), PAPER)
    assert fold.segments == (
        Segment(0, 0, 2, 0, 0, 0),
        Segment(1, 0, 2, 0, 2, 3),  # D and E: the last result
        Segment(1, 2, 1, 1, 0, 0),
        Segment(2, 0, 3, 1, 1, 1),
    )
    assert (fold.engines, fold.values, fold.spans) == (2, 8, (False, True))


@pytest.mark.parametrize(
    "counts, expected",
    [
        ((), []),
        ((0, 0), []),
        ((1,), [[[(0, 1, 0)]]]),
        ((4,), [[[(0, 4, 0)]]]),
        ((0, 3, 0, 1), [[[(1, 3, 0), (3, 1, 1)]]]),
        ((3, 4), [[[(0, 3, 0), (1, 1, 3)], [(1, 3, 0)]]]),  # spans two Flex-DPEs
        ((4, 3, 4), [[[(0, 4, 0)], [(1, 3, 0), (2, 1, 1)]], [[(2, 3, 0)]]]),  # goes on in the next fold
        ((4, 4, 4), [[[(0, 4, 0)], [(1, 4, 0)]], [[(2, 4, 0)]]]),
    ],
)
def test_packings_by_hand(counts, expected):
    assert shown(pack(counts, PAPER)) == expected


def test_a_flex_dpe_with_as_many_rows_as_results_is_left_with_idle_lanes():
    two = PAPER.model_copy(update=dict(results=2))
    assert shown(pack((1, 1, 1, 2, 3), two)) == [[[(0, 1, 0), (1, 1, 1)], [(2, 1, 0), (3, 2, 1)]], [[(4, 3, 0)]]]
    assert shown(pack((1, 4, 1, 1), two)) == [[[(0, 1, 0), (1, 3, 1)], [(1, 1, 0), (2, 1, 1)]], [[(3, 1, 0)]]]


def test_a_row_that_could_span_three_flex_dpes_is_refused():
    with pytest.raises(ValueError, match="^a row must have at most lanes = 4 values, not 5$"):
        pack((1, 5), PAPER)


def test_a_fold_of_nothing_uses_no_flex_dpe():
    assert (Fold(()).engines, Fold(()).values, Fold(()).spans) == (0, 0, ())


@few(300)
@given(cases())
def test_each_value_sits_in_one_lane_and_rows_are_contiguous_and_in_order(case):
    counts, config = case
    placed, lanes = [], []
    for number, fold in enumerate(pack(counts, config)):
        assert fold.segments and fold.values == sum(one.count for one in fold.segments)
        for one in fold.segments:
            assert one.count > 0 and 0 <= one.engine < config.engines and one.lane + one.count <= config.lanes
            placed += [(one.row, one.start + i) for i in range(one.count)]
            lanes += [(number, one.engine, one.lane + i) for i in range(one.count)]
    assert placed == [(row, i) for row, count in enumerate(counts) for i in range(count)]
    assert len(set(lanes)) == len(lanes) and lanes == sorted(lanes)


@few(300)
@given(cases())
def test_a_flex_dpe_is_full_unless_it_has_all_its_results_or_nothing_is_left(case):
    counts, config = case
    folds = pack(counts, config)
    assert -(-sum(counts) // config.elements) <= len(folds)
    for fold in folds:
        last_fold = fold is folds[-1]
        assert last_fold or fold.engines == config.engines
        for engine, segments in enumerate(by_engine(fold)):
            results = [one.result for one in segments]
            assert len(set(results)) == len(results) <= config.results and max(results) < config.results
            assert [one.lane for one in segments] == [
                sum(one.count for one in segments[:i]) for i in range(len(segments))
            ]
            full = sum(one.count for one in segments) == config.lanes
            assert full or len(segments) == config.results or (last_fold and engine == fold.engines - 1)
    if config.results == config.lanes:
        assert len(folds) == -(-sum(counts) // config.elements)


def by_engine(fold):
    return [[one for one in fold.segments if one.engine == engine] for engine in range(fold.engines)]


@few(300)
@given(cases())
def test_a_row_spans_at_most_two_flex_dpes_of_a_fold_from_the_last_result_of_one_to_the_first_of_the_next(case):
    counts, config = case
    for fold in pack(counts, config):
        spans = [False]
        for before, after in pairwise(by_engine(fold)):
            assert before[-1].row <= after[0].row
            spans.append(before[-1].row == after[0].row)
            if spans[-1]:
                assert before[-1].result == config.results - 1 and after[0].result == 0
                assert before[-1].lane + before[-1].count == config.lanes
        assert fold.spans == tuple(spans)
        in_engines = [one.row for one in fold.segments]
        assert max(map(in_engines.count, in_engines)) <= 2
        assert len(in_engines) - len(set(in_engines)) == sum(spans)


@pytest.mark.parametrize(
    "rows, each, expected",
    [(3, 2.0, (2, 2, 2)), (4, 0.5, (1, 0, 1, 0)), (4, 1.25, (1, 2, 1, 1)), (2, 0.2, (0, 0)), (0, 3.0, ())],
)
def test_counts_by_a_mean(rows, each, expected):
    assert even(rows, each) == expected


@few(200)
@given(st.integers(1, 200), st.floats(0, 128))
def test_even_counts_are_the_mean_to_within_one_and_their_sum_is_the_nearest(rows, each):
    counts = even(rows, each)
    assert len(counts) == rows and all(abs(count - each) <= 1 for count in counts)
    assert abs(sum(counts) - rows * each) <= 0.5 + 1e-6


def test_a_mean_that_is_whole_but_for_a_trifle_gives_that_number():
    """A row of the stream is hardly ever empty where its columns are many: no value is to be lost for it."""
    assert even(8, 64 * (1 - 0.75**64)) == (64,) * 8
