"""The streamed words of two tiles: a line for each column."""

from myhdl import Signal, always, intbv

from rtl.hierarchy import module


@module
def stream_buffer(clk, line, write, write_address, read_address, streamed):
    """Keep lines, and give one a cycle.

    line, write, write_address  in  a line to be kept
    read_address  in   the line wanted
    streamed      out  that line
    Latency       1 cycle (READ); a line is read in the cycle after its write at the earliest
    Throughput    1 line written and 1 read per cycle
    Reset         none
    Golden        none: a list
    """
    memory = [Signal(intbv(0)[len(line) :]) for _ in range(2 ** len(write_address))]

    @always(clk.posedge)
    def store():
        if write:
            memory[write_address].next = line

    @always(clk.posedge)
    def fetch():
        streamed.next = memory[read_address]

    return store, fetch
