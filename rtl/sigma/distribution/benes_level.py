"""One level of SIGMA's Benes network, with the wires to the next one."""

from myhdl import always_comb, intbv

from rtl.hdl.hierarchy import module
from rtl.hdl.lanes import select
from rtl.hdl.stream import bus
from rtl.sigma.distribution.benes_network import settings_bits


@module
def benes_level(straight_in, cross_in, settings_in, straight_out, cross_out, settings_out, lanes, bits, distance):
    """Let both outputs of each switch take one of its inputs; the cross outputs go to switches `distance` away.

    straight_in, cross_in        in   a lane of `bits` for each of `lanes` switches, switch 0 in the low bits
    settings_in                  in   of this level and all behind it; bit 2 i is that of the straight output of switch
                                      i, bit 2 i + 1 of its cross output: 0 takes the straight input, 1 the cross input
    straight_out, cross_out      out  the inputs of the next level; switch i's cross output is lane i XOR distance
    settings_out                 out  the settings without those of this level
    Latency      0, combinational
    Golden       none of its own; rtl/golden/benes.py through the network
    """

    @always_comb
    def pass_on():
        # A variable, so that this becomes a process, as slow as those of the values. Were the settings of all levels
        # there at once, each level would be evaluated again for every level before it.
        rest = intbv(0)[len(settings_out) :]
        rest[:] = settings_in >> 2 * lanes
        settings_out.next = rest

    ahead = select(settings_in, straight_in, cross_in, straight_out, [(i, 2 * i) for i in range(lanes)])
    across = select(
        settings_in, straight_in, cross_in, cross_out, [(i ^ distance, 2 * (i ^ distance) + 1) for i in range(lanes)]
    )
    return pass_on, ahead, across


def ports(lanes: int, bits: int) -> dict:
    """Fresh ports of a `benes_level`, by name."""
    return dict(
        straight_in=bus(lanes * bits),
        cross_in=bus(lanes * bits),
        settings_in=bus(settings_bits(lanes)),
        straight_out=bus(lanes * bits),
        cross_out=bus(lanes * bits),
        settings_out=bus(settings_bits(lanes)),
    )
