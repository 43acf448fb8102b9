"""The streamed words of two tiles: a line for each column."""

from myhdl import always

from rtl.hdl.hierarchy import module
from rtl.hdl.stream import bit, bus
from rtl.sigma import layouts
from rtl.sigma.config import SigmaConfig


@module
def stream_buffer(clk, line, write, write_address, read_address, streamed):
    """Keep lines, and give one a cycle.

    line, write, write_address  in  a line to be kept
    read_address  in   the line wanted; both addresses are layouts.stream_address
    streamed      out  that line
    Latency       1 cycle (READ); a line is read in the cycle after its write at the earliest
    Throughput    1 line written and 1 read per cycle
    Reset         none
    Golden        none: a list
    """
    memory = [bus(len(line)) for _ in range(2 ** len(write_address))]

    @always(clk.posedge)
    def store():
        if write:
            memory[write_address].next = line

    @always(clk.posedge)
    def fetch():
        streamed.next = memory[read_address]

    return store, fetch


def ports(config: SigmaConfig) -> dict:
    """Fresh ports of a `stream_buffer`, by name."""
    return dict(
        clk=bit(),
        line=bus(layouts.line_bits(config)),
        write=bit(),
        write_address=bus(layouts.stream_address(config)),
        read_address=bus(layouts.stream_address(config)),
        streamed=bus(layouts.line_bits(config)),
    )
