"""A weight update: its sizes, its copies, and what is refused."""

import pytest

from rtl.sparsity import Sparsity
from tlm import Update


@pytest.mark.parametrize(
    "change, complaint",
    [
        (dict(k=0), "update size k must be at least 1, not 0"),
        (dict(n=-1), "update size n must be at least 1, not -1"),
        (dict(n=4.0), "update size n must be an int, not 4.0"),
        (dict(sparsity="2:4"), "sparsity of an update must be a Sparsity or None, not '2:4'"),
        (dict(channels=0), "update size channels must be at least 1, not 0"),
        (dict(channels=5), "k must be a multiple of the channels, 5, not 12"),
        (dict(channels=24), "k must be a multiple of the channels, 24, not 12"),
        (dict(forward=True), "a compact copy needs a sparsity such as 2:8, not dense"),
        (dict(backward=True), "a compact copy needs a sparsity such as 2:8, not dense"),
    ],
)
def test_a_wrong_update_is_refused_with_rule_and_value(change, complaint):
    with pytest.raises(ValueError, match=complaint):
        Update(**{"k": 12, "n": 4, "channels": 4, **change})


def test_an_update_must_store_something():
    with pytest.raises(ValueError, match="^an update must store something: give momentum, half, forward or backward$"):
        Update(12, 4, 4, momentum=False, half=False)


BOTH = dict(sparsity=Sparsity(2, 4), forward=True, backward=True)


@pytest.mark.parametrize(
    "change, stored",
    [
        ({}, True),
        (BOTH, False),
        (dict(BOTH, backward=False), True),
        (dict(BOTH, forward=False), True),
        (dict(BOTH, half=True), True),
        (dict(half=False), False),
    ],
    ids=str,
)
def test_the_dense_weights_are_stored_where_a_pass_uses_them_or_one_asks_for_them(change, stored):
    assert Update(12, 4, 4, **change).stores_half == stored


def test_a_group_is_the_patterns_or_one_element_of_which_none_is_copied():
    plain, pruned = Update(12, 4, 4), Update(12, 4, 4, **BOTH)
    assert (plain.group_size, plain.kept_per_group) == (1, 0) and (pruned.group_size, pruned.kept_per_group) == (4, 2)


@pytest.mark.parametrize(
    "channels, change, segment, streamed",
    [(3, BOTH, 4, 8), (3, {}, 3, 6), (3, dict(BOTH, forward=False), 3, 6), (6, BOTH, 8, 8), (2, BOTH, 4, 12)],
)
def test_a_forward_copy_lets_whole_groups_of_each_kernel_position_stream_by(channels, change, segment, streamed):
    update = Update(6, 5, channels, **change)
    assert (update.segment, update.streamed) == (segment, streamed)


def test_an_update_is_no_work_for_the_array_and_says_in_reports_what_it_is():
    update = Update(6, 5, 3, **BOTH, layer="conv1")
    assert (update.macs, update.macs_skipped, update.shape, update.stage) == (0, 0, (6, 0, 5), "update")
