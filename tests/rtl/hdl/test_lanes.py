"""A bus and its lanes or fields: what is taken apart and put together again in another order, on both simulators."""

import pytest
from myhdl import Signal, intbv

from rtl.hdl.hierarchy import module
from rtl.hdl.lanes import MOST_PARTS, join, pack, select, split, unpack
from rtl.hdl.layout import Layout
from rtl.hdl.stream import bus

STEP = Layout(valid=1, place=3, more=1, address=70)


@module
def reversed_lanes(bus, mirrored, lanes, width):
    """Lane 0 of `bus` becomes the last one of `mirrored`."""
    wires = [Signal(intbv(0)[width:]) for _ in range(lanes)]
    return split(bus, wires), join(wires[::-1], mirrored)


@module
def chosen_lanes(flags, low, high, chosen):
    """Lane 0 of `chosen` by bit 2 from lane 1, lane 1 by bit 0 from lane 3, lane 2 by bit 2 from lane 0."""
    return select(flags, low, high, chosen, [(1, 2), (3, 0), (0, 2)])


@pytest.mark.parametrize(
    "lanes, width", [(1, 1), (1, 16), (2, 1), (3, 7), (8, 16), (5, 32), (MOST_PARTS, 3), (MOST_PARTS + 1, 2), (128, 9)]
)
def test_lane_k_is_the_kth_stretch_from_the_low_bits(compute, rng, lanes, width):
    cases = [[rng.getrandbits(width) for _ in range(lanes)] for _ in range(60)]
    ports = {name: Signal(intbv(0)[lanes * width :]) for name in ("bus", "mirrored")}

    def packed(values):
        return sum(value << k * width for k, value in enumerate(values))

    got = compute(reversed_lanes, ports, [(packed(case),) for case in cases], 0, lanes=lanes, width=width)
    assert got == [packed(case[::-1]) for case in cases]
    assert len(got) == 60


@pytest.mark.parametrize("width", [1, 7, 40])
def test_a_lane_is_chosen_by_its_bit_of_the_flags(compute, rng, width):
    ports = dict(
        flags=Signal(intbv(0)[3:]),
        low=Signal(intbv(0)[4 * width :]),
        high=Signal(intbv(0)[4 * width :]),
        chosen=Signal(intbv(0)[3 * width :]),
    )
    cases = [(flags, rng.getrandbits(4 * width), rng.getrandbits(4 * width)) for flags in [*range(8)] * 20]
    got = compute(chosen_lanes, ports, cases, 0)

    def lane(case, k, bit):
        return case[2 if case[0] >> bit & 1 else 1] >> k * width & (1 << width) - 1

    assert got == [lane(case, 1, 2) | lane(case, 3, 0) << width | lane(case, 0, 2) << 2 * width for case in cases]
    assert len(got) == 160


def test_a_lane_is_picked_once():
    one, four = (Signal(intbv(0)[bits:]) for bits in (2, 4))
    with pytest.raises(ValueError, match="no lane may be picked twice"):
        select(one, four, four, one, [(1, 0), (1, 1)])


@module
def other_fields(step, moved):
    """A step with its flags exchanged and another place."""
    valid, more, address = bus(STEP, "valid"), Signal(bool(0)), bus(STEP, "address")
    return (
        unpack(STEP, step, more=more, address=address, valid=valid),
        pack(STEP, moved, address=address, place=5, valid=more, more=valid),
    )


def test_fields_are_taken_from_a_word_and_packed_into_another(compute, rng):
    words = [rng.getrandbits(STEP.width) for _ in range(60)]
    got = compute(other_fields, dict(step=bus(STEP), moved=bus(STEP)), [(word,) for word in words], 0)
    fields = [STEP.unpack(word) for word in words]
    assert got == [STEP.pack(**f | dict(valid=f["more"], more=f["valid"], place=5)) for f in fields]
    assert len(got) == 60


@module
def inner_fields(step, moved):
    """The middle fields of a step alone, as a word."""
    part = STEP.span("place", "more")
    place, more = bus(STEP, "place"), bus(STEP, "more")
    return unpack(STEP, step, place=place, more=more), pack(part, moved, place=place, more=more)


def test_a_span_of_fields_is_packed_from_bit_0_on(compute, rng):
    part = STEP.span("place", "more")
    words = [rng.getrandbits(STEP.width) for _ in range(60)]
    got = compute(inner_fields, dict(step=bus(STEP), moved=bus(part)), [(word,) for word in words], 0)
    assert got == [word >> part.low & (1 << part.width) - 1 for word in words]


@pytest.mark.parametrize(
    "wire, signals, complaint",
    [
        (pack, dict(valid=1, place=5, more=0), "cannot be made from"),
        (pack, dict(valid=1, place=8, more=0, address=0), "place must have 3 bits, not 4"),
        (pack, dict(valid=1, place=Signal(intbv(0)[2:]), more=0, address=0), "place must have 3 bits, not 2"),
        (unpack, dict(place=Signal(intbv(0)[4:])), "place must have 3 bits, not 4"),
        (unpack, dict(plaice=Signal(intbv(0)[3:])), "has no field plaice"),
    ],
)
def test_wires_that_do_not_fit_the_layout_are_refused(wire, signals, complaint):
    with pytest.raises(ValueError, match=complaint):
        wire(STEP, bus(STEP), **signals)
