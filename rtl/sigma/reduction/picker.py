"""A multiplexer of FP32 sums, with a register: one of them, or +0."""

from myhdl import always

from rtl.hdl.hierarchy import module
from rtl.hdl.lanes import split
from rtl.hdl.stream import bit, bus


@module
def picker(clk, sums, pick, used, picked, count):
    """Take one of several sums, or none.

    sums      in   FP32 words, `count` of them
    pick      in   which one
    used      in   whether to take one
    picked    out  FP32; +0 where none is taken
    Latency   1 cycle
    Throughput 1 sum per cycle
    Reset     none: a pipeline without state
    Golden    none: an element of a list
    """
    words = [bus(32) for _ in range(count)]

    @always(clk.posedge)
    def drive():
        if used:
            picked.next = words[pick]
        else:
            picked.next = 0

    return drive, split(sums, words)


def ports(count: int) -> dict:
    """Fresh ports of a `picker`, by name."""
    return dict(
        clk=bit(),
        sums=bus(32 * count),
        pick=bus((count - 1).bit_length()),
        used=bit(),
        picked=bus(32),
    )
