"""A multiplexer of FP32 sums, with a register: one of them, or +0."""

from myhdl import always

from rtl.hdl.hierarchy import module, waives
from rtl.hdl.stream import bit, bus


@waives(WIDTH="the upper bits of the shifted sums are cut off")
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

    @always(clk.posedge)
    def drive():
        # Not a list of words: Icarus would take all of them from the sums, whenever these change.
        if used:
            picked.next = (sums >> (pick * 32)) & 0xFFFFFFFF
        else:
            picked.next = 0

    return drive


def ports(count: int) -> dict:
    """Fresh ports of a `picker`, by name."""
    return dict(
        clk=bit(),
        sums=bus(32 * count),
        pick=bus((count - 1).bit_length()),
        used=bit(),
        picked=bus(32),
    )
