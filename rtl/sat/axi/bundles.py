"""Signals that travel together between the blocks of the AXI ports: register accesses, counters, status."""

from rtl.hdl.stream import Interface, bit, bus
from rtl.sat.axi.registers import WIDTH, WORD_BITS
from rtl.shared.work_counters import COUNTER_BITS


class RegisterBus(Interface):
    """Accesses to the registers, a write and a read at a time.

    write         in this cycle write_data goes to register write_word, the bytes whose bit in write_strobe is 1
    writable      there is a register that can be written at write_word
    read_word     the number of the register to be read
    read_data     its value, in the same cycle; 0 where it is not readable
    readable      there is a register at read_word
    """

    def __init__(self) -> None:
        self.write = bit()
        self.write_word = bus(WORD_BITS)
        self.write_data = bus(WIDTH)
        self.write_strobe = bus(WIDTH // 8)
        self.writable = bit()
        self.read_word = bus(WORD_BITS)
        self.read_data = bus(WIDTH)
        self.readable = bit()


class Counters(Interface):
    """Cycles by kind: work was issued (busy), it was under way alone (waiting), there was none (idle)."""

    def __init__(self) -> None:
        self.busy = bus(COUNTER_BITS)
        self.waiting = bus(COUNTER_BITS)
        self.idle = bus(COUNTER_BITS)


class Status(Interface):
    """The state of the accelerator as software reads it, and its events.

    resetting    it is in reset
    working      a command is given or under way, or a result waits
    overflow     an infinity or NaN has left as FP32 since reset
    tile_done    the last step of a tile is issued in this cycle, or the last slice of an update's taken
    """

    def __init__(self) -> None:
        self.resetting = bit()
        self.working = bit()
        self.overflow = bit()
        self.tile_done = bit()
