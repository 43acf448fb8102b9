"""A stage of registers in a stream, in both directions."""

from myhdl import always, always_comb

from rtl.hdl.hierarchy import module
from rtl.hdl.stream import Stream, bit, bus


@module
def register_slice(clk, rst, entering, leaving, bits):
    """Pass words on, so that no wire runs through: ready does not depend on what comes in, nor valid and data.

    entering    Stream in
    leaving     Stream out
    Latency     1 cycle
    Throughput  1 word per cycle
    Reset       synchronous, active high: empty
    Golden      none: what enters, leaves
    """
    spare = bus(bits)  # a word that came when the one before could not leave
    filled = bit()

    @always_comb
    def drive():
        entering.ready.next = not filled

    @always(clk.posedge)
    def control():
        if leaving.ready or not leaving.valid:
            leaving.valid.next = filled or entering.valid
            filled.next = False
        elif entering.valid:
            filled.next = True
        if rst:
            leaving.valid.next = False
            filled.next = False

    @always(clk.posedge)
    def move():
        if not filled:
            spare.next = entering.data
        if leaving.ready or not leaving.valid:
            if filled:
                leaving.data.next = spare
            else:
                leaving.data.next = entering.data

    return drive, control, move


def ports(bits: int) -> dict:
    """Fresh ports of a `register_slice`, by name."""
    return dict(clk=bit(), rst=bit(), entering=Stream(bits), leaving=Stream(bits))
