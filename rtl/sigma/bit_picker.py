"""One bit out of many."""

from myhdl import always_comb

from rtl.hierarchy import module
from rtl.sigma.config import SigmaConfig
from rtl.stream import bit, bus


@module
def bit_picker(bits, pick, picked, config):
    """Take one bit of a Flex-DPE's lanes.

    bits      in   one a lane
    pick      in   which one
    picked    out  that bit
    Latency   0, combinational
    Golden    none: an element of a list
    """

    @always_comb
    def select():
        picked.next = bits[pick]

    return select


def ports(config: SigmaConfig) -> dict:
    """Fresh ports of a `bit_picker`, by name."""
    return dict(
        bits=bus(config.lanes),
        pick=bus(config.levels),
        picked=bit(),
    )
