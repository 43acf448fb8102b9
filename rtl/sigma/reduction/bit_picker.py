"""A multiplexer of bits."""

from myhdl import always_comb

from rtl.hdl.hierarchy import module
from rtl.hdl.stream import bit, bus


@module
def bit_picker(bits, pick, picked):
    """Take one of several bits.

    bits      in   the bits
    pick      in   which one
    picked    out  that bit
    Latency   0, combinational
    Golden    none: an element of a list
    """

    @always_comb
    def select():
        picked.next = bits[pick]

    return select


def ports(count: int) -> dict:
    """Fresh ports of a `bit_picker`, by name."""
    return dict(
        bits=bus(count),
        pick=bus((count - 1).bit_length()),
        picked=bit(),
    )
