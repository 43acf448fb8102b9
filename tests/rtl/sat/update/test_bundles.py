"""The bundles of the weight update have the widths of its slices and rows."""

import pytest

from rtl.sat.config import PRESETS
from rtl.sat.update import bundles


@pytest.mark.parametrize("name", PRESETS)
def test_a_slice_has_an_fp32_of_each_kind_for_each_lane(name):
    config = PRESETS[name]
    assert {len(values) for values in vars(bundles.UpdateSlice(config)).values()} == {32 * config.update_lanes}


def test_rows_are_as_wide_as_their_section():
    written, fetched = bundles.SectionRow(7), bundles.SectionFetch(7)
    assert (len(written.row), len(fetched.row), len(written.done), len(fetched.take)) == (7, 7, 1, 1)
