"""SIGMA's distribution network: any input to any outputs, within one cycle."""

from myhdl import always_comb

from rtl.hdl.hierarchy import module
from rtl.hdl.lanes import select
from rtl.hdl.stream import bus
from rtl.sigma.distribution.benes_level import benes_level
from rtl.sigma.distribution.benes_network import distances, settings_bits


@module
def benes(entering, settings, leaving, lanes, bits):
    """Bring each output the value of the input that the settings route to it; several may get the same one.

    entering     in   `lanes` values of `bits`, that of port 0 in the low bits
    settings     in   settings_bits(lanes), as route() of the golden model makes them
    leaving      out  like `entering`
    Latency      0, combinational
    Raises ValueError unless lanes is 2, 4, ..., 128, or when `settings` is of another width
    Golden       rtl/golden/benes.py, which says what the levels are and how their bits are numbered
    """
    if len(settings) != settings_bits(lanes):
        raise ValueError(f"the settings of {lanes} ports have {settings_bits(lanes)} bits, not {len(settings)}")
    hops = distances(lanes)
    straight = [bus(lanes * bits) for _ in range(len(hops) + 1)]
    cross = [bus(lanes * bits) for _ in range(len(hops) + 1)]
    turns = [bus(len(settings)) for _ in range(len(hops) + 1)]

    first, nothing, all_turns = straight[0], cross[0], turns[0]

    @always_comb
    def enter():
        first.next = entering
        nothing.next = 0
        all_turns.next = settings

    levels = [
        benes_level(straight[k], cross[k], turns[k], straight[k + 1], cross[k + 1], turns[k + 1], lanes, bits, distance)
        for k, distance in enumerate(hops)
    ]
    last = select(turns[-1], straight[-1], cross[-1], leaving, [(i, i) for i in range(lanes)])
    return enter, levels, last


def ports(lanes: int, bits: int) -> dict:
    """Fresh ports of a `benes`, by name."""
    return dict(
        entering=bus(lanes * bits),
        settings=bus(settings_bits(lanes)),
        leaving=bus(lanes * bits),
    )
