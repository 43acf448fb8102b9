"""A register that keeps an operand line."""

from myhdl import always

from rtl.hdl.hierarchy import module
from rtl.hdl.stream import bit, bus


@module
def line_register(clk, line, write, held):
    """Keep a line until the next one is written.

    line     in   an operand line
    write    in   keep it
    held     out  the line kept
    Latency  1 cycle
    Reset    none
    Golden   none
    """

    @always(clk.posedge)
    def keep():
        if write:
            held.next = line

    return keep


def ports(bits: int) -> dict:
    """Fresh ports of a `line_register`, by name."""
    return dict(
        clk=bit(),
        line=bus(bits),
        write=bit(),
        held=bus(bits),
    )
