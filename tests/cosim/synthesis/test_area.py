"""Cells as resources, and resources beside a device."""

import pytest

from cosim.synthesis.area import CELLS, RESOURCES, SPARE, VCU1525, Area, Fpga, resources_of
from cosim.synthesis.synthesis import Netlist
from cosim.tools import ToolFailed

# top has two mid, and mid three leaf.
NETLIST = Netlist(
    "Yosys 0",
    "top",
    {
        "leaf": {"LUT6": 5, "RAM32M16": 1, "RAMB18E2": 1, "FDRE": 1, "CARRY4": 9},
        "mid": {"leaf": 3, "LUT2": 4},
        "top": {"mid": 2, "DSP48E2": 1, "INV": 1},
    },
    {"LUT6": 30, "LUT2": 8, "INV": 1, "RAM32M16": 6, "RAMB18E2": 6, "FDRE": 6, "CARRY4": 54, "DSP48E2": 1},
)


@pytest.mark.parametrize(
    "cell, expected",
    [
        ("LUT1", {"lut": 1}),
        ("LUT6", {"lut": 1}),
        ("INV", {"lut": 1}),
        ("RAM32M16", {"lut": 8, "lutram": 8}),
        ("RAM64X1D", {"lut": 2, "lutram": 2}),
        ("SRL16E", {"lut": 1, "lutram": 1}),
        ("FDSE", {"ff": 1}),
        ("RAMB18E2", {"bram": 0.5}),
        ("RAMB36E2", {"bram": 1}),
        ("URAM288", {"uram": 1}),
        ("DSP48E2", {"dsp": 1}),
        ("CARRY4", {}),
        ("MUXF7", {}),
    ],
)
def test_a_cell_takes_what_the_device_has_for_it(cell, expected):
    assert resources_of({cell: 3}, "leaf") == dict.fromkeys(RESOURCES, 0) | {
        name: 3 * n for name, n in expected.items()
    }


@pytest.mark.parametrize("cell", ["LDCE", "BUFG", "$add"])
def test_a_cell_that_is_not_known_is_refused_with_its_module(cell):
    assert cell not in CELLS
    with pytest.raises(ToolFailed, match="^module leaf: it is not known what a cell "):
        resources_of({"LUT2": 1, cell: 1}, "leaf")


def test_rows_are_modules_without_those_below_and_times_their_instances_they_are_the_total():
    area = Area(NETLIST)
    assert [(row.module, row.instances) for row in area.rows] == [("leaf", 6), ("mid", 2), ("top", 1)]
    leaf = area.rows[0]
    assert leaf.own == {"lut": 13, "lutram": 8, "ff": 1, "bram": 0.5, "dsp": 0, "uram": 0}
    assert leaf.all == {"lut": 78, "lutram": 48, "ff": 6, "bram": 3, "dsp": 0, "uram": 0}
    assert area.total == {name: sum(row.all[name] for row in area.rows) for name in RESOURCES}
    assert area.total == {"lut": 87, "lutram": 48, "ff": 6, "bram": 3, "dsp": 1, "uram": 0}


@pytest.mark.parametrize("luts, short", [(109, []), (108, ["lut"]), (87, ["lut"]), (50, ["lut"])])
def test_it_fits_where_a_fifth_of_everything_is_left(luts, short):
    area = Area(NETLIST, Fpga("little", {"lut": luts, "lutram": 60, "ff": 60, "bram": 60, "dsp": 60, "uram": 1}))
    assert SPARE == 0.2 and area.short == short
    assert area.left["lut"] == pytest.approx((luts - 87) / luts) and area.left["lutram"] == pytest.approx(0.2)


def test_the_vcu1525_has_what_its_data_sheet_says():
    assert VCU1525.has == {
        "lut": 1_182_240,
        "lutram": 591_840,
        "ff": 2_364_480,
        "bram": 2_160,
        "dsp": 6_840,
        "uram": 960,
    }
    assert set(VCU1525.has) == set(RESOURCES)
    assert VCU1525.has["ff"] == 2 * VCU1525.has["lut"]
    assert VCU1525.has["lutram"] * 64 / 2**20 == pytest.approx(36.1, abs=0.05)  # megabits


def test_what_is_left_without_a_module_is_without_all_below_it_too():
    area = Area(NETLIST)
    assert area.without("mid") == dict(lut=1, lutram=0, ff=0, bram=0, dsp=1, uram=0)
    assert area.without("leaf") == dict(lut=9, lutram=0, ff=0, bram=0, dsp=1, uram=0)
    assert area.without("top") == dict.fromkeys(RESOURCES, 0)
