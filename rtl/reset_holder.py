"""Holds the accelerator in reset for as long as it needs, whoever asked for it."""

from myhdl import Signal, always, intbv

from rtl.hierarchy import module


@module
def reset_holder(clk, rst, soft_reset, offered, resetting, discarding, cycles):
    """Make a reset last.

    rst         in   reset of everything, which may last a single cycle
    soft_reset  in   reset of the accelerator alone
    offered     in   a result is offered, which may not be withdrawn: a soft reset ends after it was taken
    resetting   out  resets the accelerator, for `cycles` cycles at least after the request
    discarding  out  what is sent to the accelerator is taken and thrown away: it was meant for before the soft reset
    Latency     1 cycle
    Throughput  none
    Reset       by rst: resetting, and not discarding, for what comes then is meant for after the reset
    Golden      none
    """
    left = Signal(intbv(0)[cycles.bit_length() :])

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
