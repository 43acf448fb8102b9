"""An operand line that stays."""

from myhdl import always

from rtl.hierarchy import module
from rtl.sigma import layouts
from rtl.sigma.config import SigmaConfig
from rtl.stream import bit, bus


@module
def line_register(clk, line, write, held, config):
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


def ports(config: SigmaConfig) -> dict:
    """Fresh ports of a `line_register`, by name."""
    return dict(
        clk=bit(),
        line=bus(layouts.line_bits(config)),
        write=bit(),
        held=bus(layouts.line_bits(config)),
    )
