"""A delay of a word by some cycles."""

from myhdl import always, always_comb, concat

from rtl.hdl.hierarchy import module
from rtl.hdl.stream import bit, bus


@module
def delay_line(clk, entering, leaving, bits, cycles):
    """Registers in a row.

    entering    in   a word of `bits` bits
    leaving     out  the same, `cycles` cycles later
    Latency     `cycles` cycles, at least 1
    Throughput  1 word per cycle
    Reset       none: a pipeline without state
    Golden      none: a delay
    """
    if cycles < 1:
        raise ValueError(f"a delay line must have at least 1 cycle, not {cycles}")
    if not len(entering) == len(leaving) == bits:
        raise ValueError(f"the words of a delay line must have {bits} bits, not {len(entering)} and {len(leaving)}")
    total = bits * cycles

    if cycles == 1:  # MyHDL cannot slice a single bit, so there is nothing to shift

        @always(clk.posedge)
        def keep():
            leaving.next = entering

        return keep

    line = bus(total)  # the youngest in the low bits

    @always(clk.posedge)
    def shift():
        line.next = concat(line[total - bits :], entering)

    @always_comb
    def drive():
        leaving.next = line[total : total - bits]

    return shift, drive


def ports(bits: int) -> dict:
    """Fresh ports of a `delay_line`, by name."""
    return dict(
        clk=bit(),
        entering=bus(bits),
        leaving=bus(bits),
    )
