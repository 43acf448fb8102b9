"""One bit out of many."""

from myhdl import always_comb

from rtl.hierarchy import module


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
    def take():
        picked.next = bits[pick]

    return take
