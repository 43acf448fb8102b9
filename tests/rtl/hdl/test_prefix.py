"""The names of an accelerator's modules."""

import pytest

from rtl.hdl.prefix import Prefix


def test_a_prefix_takes_the_place_of_the_accelerators_own_name():
    big = Prefix("sat", "big_")
    assert [big.module(block) for block in ("sat", "sat_axi", "uspe")] == ["big", "big_axi", "big_uspe"]
    assert [Prefix("sigma", "x").module(block) for block in ("sigma", "fan_4_1")] == ["x", "xfan_4_1"]


def test_with_its_own_name_as_prefix_the_accelerator_is_called_as_ever():
    own = Prefix("sat", "sat_")
    assert [own.module(block) for block in ("sat", "sat_axi", "axi_lite")] == ["sat", "sat_axi", "sat_axi_lite"]


@pytest.mark.parametrize("text", ["", "_", "2x_", "_x", "a-b_", "table_", "table", "größe_", "a_\n"])
def test_a_prefix_that_makes_no_name_is_refused(text):
    with pytest.raises(ValueError, match="prefix must be letters, digits and underscores"):
        Prefix("sat", text)
