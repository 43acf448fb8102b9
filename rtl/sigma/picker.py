"""One sum out of many, or none."""

from myhdl import Signal, always, intbv

from rtl.hierarchy import module
from rtl.lanes import split


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
    words = [Signal(intbv(0)[32:]) for _ in range(count)]

    @always(clk.posedge)
    def take():
        if used:
            picked.next = words[pick]
        else:
            picked.next = 0

    return take, split(sums, words)
