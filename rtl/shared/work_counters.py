"""An accelerator's cycles by kind: with work issued, waiting for it, without any."""

from myhdl import always

from rtl.hdl.hierarchy import module
from rtl.hdl.stream import bit, bus

COUNTER_BITS = 48


@module
def work_counters(clk, rst, issuing, working, busy, waiting, idle):
    """Count cycles by kind.

    issuing    in   the datapath gets work in this cycle
    working    in   there is work given or under way
    busy       out  cycles in which work was issued
    waiting    out  cycles with work under way, but none issued
    idle       out  cycles without work; busy + waiting + idle = cycles since reset
    Latency    1 cycle
    Throughput 1 cycle counted per cycle
    Reset      synchronous, active high: all 0
    Golden     tlm/timeline.py, busy and waiting
    """

    @always(clk.posedge)
    def count():
        if issuing:
            busy.next = busy + 1
        elif working:
            waiting.next = waiting + 1
        else:
            idle.next = idle + 1
        if rst:
            busy.next = 0
            waiting.next = 0
            idle.next = 0

    return count


def ports() -> dict:
    """Fresh ports of a `work_counters`, by name."""
    counters = {name: bus(COUNTER_BITS) for name in ("busy", "waiting", "idle")}
    return dict(clk=bit(), rst=bit(), issuing=bit(), working=bit(), **counters)
