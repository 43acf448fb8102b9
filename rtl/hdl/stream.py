"""Valid/ready stream: the one handshake of all accelerators' ports.

1. A word moves on each rising clock edge where valid and ready are both high.
2. Once valid is high, valid and data hold still until the word moves.
3. A producer never waits for ready before it raises valid.
4. A consumer may raise or drop ready at any time.
"""

from myhdl import Signal, intbv, modbv

from rtl.hdl.layout import Layout


def bit():
    """A fresh signal of one bit."""
    return Signal(bool(0))


def bus(shape: int | Layout, field: str | None = None):
    """A fresh signal of so many bits, one of them too; or for a word of a layout, or for a field of it."""
    if isinstance(shape, Layout):
        shape = shape.bits(field) if field else shape.width
    return Signal(intbv(0)[shape:])


def counter(shape: int | Layout, field: str | None = None):
    """A fresh signal as `bus` makes it, which wraps when it is counted beyond its last number."""
    return Signal(modbv(0)[len(bus(shape, field)) :])


class Interface:
    """Signals that travel together as one argument; a port of a module is named argument_attribute."""

    def only(self, *names: str) -> "Interface":
        """A bundle of these signals of the bundle alone, for a block that needs no more of them."""
        part = Interface()
        vars(part).update({name: vars(self)[name] for name in names})
        return part


class Stream(Interface):
    """One direction of data: the producer drives data and valid, the consumer drives ready."""

    def __init__(self, width: int):
        self.data = bus(width)
        self.valid = bit()
        self.ready = bit()
