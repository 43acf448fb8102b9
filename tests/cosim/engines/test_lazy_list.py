"""A list that is worked out at the first look."""

from cosim.engines.lazy_list import LazyList


def test_nothing_is_worked_out_before_the_first_look_and_nothing_twice():
    made = []
    later = LazyList(lambda: made.append(1) or [3, 4, 5])
    assert not made
    assert (later[0], later[1:], len(later), sum(later), list(later), repr(later)) == (
        3,
        [4, 5],
        3,
        12,
        [3, 4, 5],
        "[3, 4, 5]",
    )
    assert made == [1]


def test_it_equals_what_has_the_same_items():
    later = LazyList(lambda: [1, 2])
    assert later == [1, 2] and later == [1, 2] and later == LazyList(lambda: [1, 2])
    assert later != [1] and later != [2, 1] and later != (1, 2)
