"""A tile's times: in order, and after those of the tile before."""

from itertools import pairwise

from hypothesis import given

from tests.support.properties import few
from tests.support.workloads import programs
from tlm import simulate
from tlm.span import Span


def test_a_tile_that_does_not_store_has_no_store():
    assert Span(0, 5, 6, 9, None).store_end is None
    assert Span(0, 5, 6, 9, 20)._asdict() == dict(
        load_start=0, load_end=5, compute_start=6, compute_end=9, store_end=20
    )


@few(80)
@given(programs())
def test_loads_computes_and_stores_each_follow_one_another(program):
    timeline = simulate(program)
    for before, after in pairwise(timeline.spans):
        assert before.load_end <= after.load_start
        assert before.compute_end <= after.compute_start
    for span in timeline.spans:
        assert span.load_start < span.load_end < span.compute_start < span.compute_end
        assert span.store_end is None or span.store_end > span.compute_end
    assert timeline.stores == sorted(set(timeline.stores))
