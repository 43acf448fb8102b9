"""Work without its names: equal where it costs the same."""

from dataclasses import replace

from tests.support.steps import STEP
from tlm.feature_map import FeatureMap
from tlm.work import nameless


def test_work_that_differs_in_its_names_alone_is_equal_without_them():
    for one in STEP:
        plain = nameless(replace(one, layer="other", stage="any"))
        assert plain == nameless(one) and (plain.layer, plain.stage) == ("", "")
    assert len({nameless(one) for one in STEP}) == len(STEP)


def test_sources_are_no_names():
    images = FeatureMap(1, 3, 3, 16, (1, 1), (1, 1), (0, 0), (1, 1), (3, 3))
    assert nameless(replace(STEP[0], source=images)) != nameless(STEP[0])
