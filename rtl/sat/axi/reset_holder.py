"""Holds the accelerator in reset for as long as it needs, whoever asked for it."""

from myhdl import always

from rtl.hdl.hierarchy import module
from rtl.hdl.stream import bit, bus


@module
def reset_holder(clk, rst, soft_reset, offered, resetting, discarding, cycles):
    """Make a reset last.

    rst         in   reset of everything, which may last a single cycle
    soft_reset  in   reset of the accelerator alone
    offered     in   a result is offered, which may not be withdrawn: a soft reset ends after it was taken
    resetting   out  resets the accelerator, for `cycles` cycles at least after the request
    discarding  out  words for the accelerator are taken and thrown away: they were meant for before the soft reset
    Latency     1 cycle
    Throughput  none
    Reset       by rst: resetting, and not discarding, for words that come then are meant for after the reset
    Golden      none
    """
    left = bus(cycles.bit_length())

    @always(clk.posedge)
    def hold():
        if soft_reset:
            resetting.next = True
            discarding.next = True
            left.next = cycles
        elif left != 0:
            left.next = left - 1
        elif not (discarding and offered):
            resetting.next = False
            discarding.next = False
        if rst:
            resetting.next = True
            discarding.next = False
            left.next = cycles

    return hold


def ports(cycles: int) -> dict:
    """Fresh ports of a `reset_holder`, by name; whatever the cycles."""
    return {name: bit() for name in ("clk", "rst", "soft_reset", "offered", "resetting", "discarding")}
