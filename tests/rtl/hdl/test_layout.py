"""Packed words: fields from the low bits up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from myhdl import Signal, always, always_comb, concat, intbv

from rtl.hdl.hierarchy import module
from rtl.hdl.layout import Layout, pair
from rtl.hdl.stream import bus
from tests.support.properties import few
from tests.support.script import play

LAYOUT = Layout(weight=16, index=4, valid=1)
STEP = Layout(valid=1, place=3)
COMMAND = Layout(first=1, rows=5, step=STEP, half=1)


@module
def fields_in_processes(clk, command, rows, half, place, replaced, assembled):
    """A command's fields: read, read a cycle later from a delay line, replaced, and put together anew."""
    f, last = COMMAND, COMMAND.at(COMMAND.width)
    delayed = Signal(intbv(0)[2 * COMMAND.width :])

    @always(clk.posedge)
    def take():
        rows.next = command[f.rows_high : f.rows_low]
        half.next = command[f.half_bit]
        place.next = delayed[last.step_place_high : last.step_place_low]
        delayed.next = concat(delayed[f.width :], command)
        replaced.next = command
        replaced.next[f.rows_high : f.rows_low] = 3

    @always_comb
    def assemble():
        assembled.next[f.half_bit] = command[f.first_bit]
        assembled.next[f.rows_high : f.rows_low] = command[f.rows_high : f.rows_low]
        assembled.next[f.step_high : f.step_low] = command[f.step_high : f.step_low]
        assembled.next[f.first_bit] = command[f.half_bit]

    return take, assemble


def test_processes_name_the_fields_that_they_read_and_write(build, rng):
    ports = dict(
        clk=Signal(bool(0)),
        half=Signal(bool(0)),
        rows=bus(COMMAND, "rows"),
        place=bus(STEP, "place"),
        **{name: bus(COMMAND) for name in ("command", "replaced", "assembled")},
    )
    given = [rng.getrandbits(COMMAND.width) for _ in range(60)]
    dut = build(fields_in_processes, **ports)
    got = play(dut, [dict(command=word) for word in given], "rows", "half", "place", "replaced", "assembled")
    words = [COMMAND.unpack(word) for word in given]
    assert got["rows"][1:61] == [word["rows"] for word in words]
    assert got["half"][1:61] == [word["half"] for word in words]
    assert got["place"][3:63] == [STEP.unpack(word["step"])["place"] for word in words]
    assert got["replaced"][1:61] == [COMMAND.pack(**word | dict(rows=3)) for word in words]
    assert got["assembled"][:60] == [
        COMMAND.pack(**word | dict(first=word["half"], half=word["first"])) for word in words
    ]


def test_fields_have_attributes_those_of_a_nested_word_and_of_a_longer_word_too():
    assert (COMMAND.rows_high, COMMAND.rows_low, COMMAND.half_bit) == (6, 1, 10)
    assert (COMMAND.step_high, COMMAND.step_low) == (10, 6)
    assert (COMMAND.step_place_high, COMMAND.step_place_low, COMMAND.step_valid_bit) == (10, 7, 6)
    later = COMMAND.at(22)
    assert (later.half_bit, later.step_valid_bit, later.width, later.high) == (32, 28, 11, 33)


def test_a_span_is_some_neighbours_where_they_lie():
    part = COMMAND.span("rows", "step")
    assert (part.high, part.low, part.width, list(part.fields)) == (10, 1, 9, ["rows", "step"])
    assert (part.rows_low, part.step_place_low) == (1, 7)
    assert part.unpack(part.pack(rows=9, step=5)) == dict(rows=9, step=5)


def test_signals_are_as_wide_as_the_word_or_the_field():
    assert len(bus(COMMAND)) == 11 and len(bus(COMMAND, "rows")) == 5 and len(bus(COMMAND, "half")) == 1


def test_an_attribute_that_no_field_has_or_two_is_an_error():
    with pytest.raises(AttributeError, match="has no rows_bit; only fields of one bit have x_bit"):
        _ = COMMAND.rows_bit
    with pytest.raises(ValueError, match="step_valid would be two fields of a word of"):
        Layout(step=STEP, step_valid=1)


def test_a_word_that_is_too_long_is_not_unpacked():
    with pytest.raises(ValueError, match="must fit 11 bits, not 2048"):
        COMMAND.unpack(1 << 11)


def test_the_first_field_is_in_the_low_bits():
    assert LAYOUT["weight"] == (16, 0)
    assert LAYOUT["index"] == (20, 16)
    assert LAYOUT["valid"] == (21, 20)
    assert LAYOUT.width == 21
    assert LAYOUT.pack(weight=0x1234, index=5, valid=1) == 0x151234


@few(50)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0)), min_size=1, max_size=8))
def test_what_is_packed_is_found_in_its_field(fields):
    layout = Layout(**{f"field{i}": width for i, (width, _) in enumerate(fields)})
    values = {f"field{i}": value % 2**width for i, (width, value) in enumerate(fields)}
    word = layout.pack(**values)
    assert 0 <= word < 1 << layout.width
    for name, value in values.items():
        high, low = layout[name]
        assert (word >> low) % (1 << high - low) == value
    assert layout.unpack(word) == values


@pytest.mark.parametrize(
    "values, complaint",
    [
        (dict(weight=1 << 16, index=0, valid=0), "weight must fit 16 bits, not 65536"),
        (dict(weight=0, index=-1, valid=0), "index must fit 4 bits, not -1"),
        (dict(weight=0, index=0), "cannot be made from"),
        (dict(weight=0, index=0, valid=0, other=0), "cannot be made from"),
    ],
)
def test_a_word_that_does_not_fit_is_refused(values, complaint):
    with pytest.raises(ValueError, match=complaint):
        LAYOUT.pack(**values)


def test_an_unknown_field_is_an_error():
    with pytest.raises(KeyError):
        LAYOUT["wieght"]


def test_bits_are_the_width_of_a_field():
    layout = Layout(weight=16, index=4)
    assert [layout.bits(name) for name in layout.fields] == [16, 4]


def test_two_words_lie_side_by_side():
    both, width = pair(LAYOUT), LAYOUT.width
    assert (both.of0_low, both.of0_high, both.of1_low, both.of1_high) == (0, width, width, 2 * width)
    assert both.pack(of0=3, of1=5) == 5 << width | 3
