"""A mailbox of the device: results, or times, kept until the host has read them."""

from myhdl import always, always_comb, concat

from rtl.hdl.hierarchy import module


@module
def mailbox(clk, rst, push, entry, taken, seen, content, count, full, width, capacity):
    """Keep entries until the host has read them.

    push, entry      in   an entry, not while full
    taken            in   changes when the host has read; seen follows it, and what came since is new
    content, count   out  the entries, the newest in the low bits, and how many they are
    full             out  no further entry fits until the host has read
    width, capacity  bits of an entry, and entries that fit
    Latency     1 cycle from push to content; taken changes between two rising edges
    Throughput  1 entry per cycle until it is full
    Reset       synchronous, active high
    Golden      none: a list that grows, and is emptied
    """
    rest = (capacity - 1) * width

    @always_comb
    def limit():
        full.next = count == capacity and seen == taken

    @always(clk.posedge)
    def keep():
        if taken != seen:
            seen.next = taken
            count.next = 0
            if push:
                count.next = 1
        elif push:
            count.next = count + 1
        if push:
            content.next = concat(content[rest:], entry)
        if rst:
            seen.next = taken
            count.next = 0
            content.next = 0

    return limit, keep
