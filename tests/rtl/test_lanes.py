"""A bus and its lanes: what is split and joined again in another order, on both simulators."""
import pytest
from myhdl import Signal, intbv

from rtl.hierarchy import module
from rtl.lanes import MOST_PARTS, join, split


@module
def reversed_lanes(bus, mirrored, lanes, width):
    """Lane 0 of `bus` becomes the last one of `mirrored`."""
    wires = [Signal(intbv(0)[width:]) for _ in range(lanes)]
    return split(bus, wires), join(wires[::-1], mirrored)


@pytest.mark.parametrize("lanes, width", [
    (1, 1), (1, 16), (2, 1), (3, 7), (8, 16), (5, 32), (MOST_PARTS, 3), (MOST_PARTS + 1, 2), (128, 9)])
def test_lane_k_is_the_kth_stretch_from_the_low_bits(compute, rng, lanes, width):
    cases = [[rng.getrandbits(width) for _ in range(lanes)] for _ in range(60)]
    ports = {name: Signal(intbv(0)[lanes * width:]) for name in ("bus", "mirrored")}

    def packed(values):
        return sum(value << k * width for k, value in enumerate(values))

    got = compute(reversed_lanes, ports, [(packed(case),) for case in cases], 0, lanes=lanes, width=width)
    assert got == [packed(case[::-1]) for case in cases]
    assert len(got) == 60
