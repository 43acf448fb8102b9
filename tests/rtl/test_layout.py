"""Packed words: fields from the low bits up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.layout import Layout
from tests.support.properties import few

LAYOUT = Layout(weight=16, index=4, valid=1)


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
