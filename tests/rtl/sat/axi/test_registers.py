"""The register map: what its readers rely on."""

import pytest

from rtl.hdl.keywords import RESERVED
from rtl.sat import layouts
from rtl.sat.axi.registers import ACCESS, ADDRESS_BITS, NAMED, RATES, REGISTERS, VERSION, WIDTH, bit, layout, table
from rtl.sat.config import PRESETS, SatConfig


def test_words_follow_each_other_without_a_gap_the_constant_ones_first():
    assert [register.offset for register in REGISTERS] == list(range(0, 4 * len(REGISTERS), 4))
    constants = [register.constant for register in REGISTERS]
    assert constants == sorted(constants, reverse=True) and 0 < sum(constants) < len(REGISTERS)
    assert REGISTERS[-1].offset + 4 <= 1 << ADDRESS_BITS


def test_names_are_unique_and_can_be_names_in_verilog():
    assert len(NAMED) == len(REGISTERS) and not RESERVED & {*NAMED}


def test_fields_fit_their_register_and_do_not_overlap():
    with_fields = [register for register in REGISTERS if register.fields]
    assert with_fields
    for register in with_fields:
        used = [place for field in register.fields for place in range(field.low, field.low + field.bits)]
        assert len(used) == len(set(used)) and max(used) < WIDTH
        assert {field.access for field in register.fields} <= {*ACCESS}
        assert register.access == "rw" or {field.access for field in register.fields} == {"ro"}


def test_what_never_changes_cannot_be_written():
    assert {register.access for register in REGISTERS if register.constant} == {"ro"}


@pytest.mark.parametrize("name", PRESETS)
def test_the_parameters_are_those_of_the_configuration_and_fit(name):
    config = PRESETS[name]
    for parameter in ("rows", "columns", "interleave", "largest_m", "chunk", "update_lanes"):
        assert NAMED[parameter].value(config) == getattr(config, parameter)
    assert all(0 <= register.value(config) < 2**WIDTH for register in REGISTERS)


def test_the_constants_of_the_update_are_the_ports_fields_in_their_order():
    assert [register.name for register in RATES] == list(layouts.rates().fields)
    assert {layouts.rates().bits(register.name) for register in RATES} == {WIDTH}


def test_a_counters_halves_are_an_aligned_double_word():
    for name in ("busy", "waiting", "idle"):
        assert NAMED[f"{name}_low"].offset % 8 == 0
        assert NAMED[f"{name}_high"].offset == NAMED[f"{name}_low"].offset + 4


def test_a_bit_is_found_by_its_name_and_the_version_is_told_twice():
    assert bit("status", "overflow") == 2
    assert NAMED["version"].value(SatConfig(rows=1, columns=1)) == VERSION[0] * 0x10000 + VERSION[1]


@pytest.mark.parametrize("register", [register for register in REGISTERS if register.fields], ids=lambda r: r.name)
def test_the_word_of_a_register_has_its_fields_where_the_map_has_them(register):
    word = layout(register.name)
    assert {field.name: (field.low + field.bits, field.low) for field in register.fields}.items() <= word.fields.items()
    assert word.width == WIDTH


def test_the_table_has_a_row_for_each_register_and_field():
    rows = table().splitlines()
    assert len(rows) == 2 + len(REGISTERS) + sum(len(register.fields) for register in REGISTERS)
    assert {row.count("|") for row in rows} == {7}
