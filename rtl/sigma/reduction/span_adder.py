"""The adder between two Flex-DPEs: the sum of a row that begins in the first and ends in the second."""

from myhdl import always, always_comb, concat

from rtl.float.fp32_add import fp32_add
from rtl.hdl.hierarchy import module
from rtl.hdl.stream import bit, bus
from rtl.sigma import timing


@module
def span_adder(clk, begun, ended, ended_later, spans, total):
    """Add the parts that two Flex-DPEs have of a row; or pass on the second one's, which then is a row's whole sum.

    begun      in   FP32: the last result of the first one
    ended      in   FP32: the first result of the second one
    ended_later  in  `ended`, SPAN cycles later: all of that one's results are delayed as long
    spans      in   whether they are parts of one row
    total      out  FP32
    Latency    4 cycles (SPAN)
    Throughput 1 sum per cycle
    Reset      none: a pipeline without state
    Golden     rtl/golden/sigma.py
    """
    addend, rounded, added = (bus(32) for _ in range(3))
    way = bus(timing.SPAN)  # of `spans`, the youngest in the low bit

    @always_comb
    def select():
        if spans:
            addend.next = begun
        else:
            addend.next = 0

    @always(clk.posedge)
    def travel():
        way.next = concat(way[timing.SPAN - 1 :], spans)
        added.next = rounded

    @always_comb
    def drive():
        if way[timing.SPAN - 1]:
            total.next = added
        else:
            total.next = ended_later

    return select, travel, drive, fp32_add(clk, addend, ended, rounded)


def ports() -> dict:
    """Fresh ports of a `span_adder`, by name."""
    return dict(
        clk=bit(),
        begun=bus(32),
        ended=bus(32),
        ended_later=bus(32),
        spans=bit(),
        total=bus(32),
    )
