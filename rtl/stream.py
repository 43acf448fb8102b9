"""Valid/ready stream: the one handshake that SAT's ports speak.

1. A word moves on each rising clock edge where valid and ready are both high.
2. Once valid is high, valid and data hold still until the word moves.
3. A producer never waits for ready before it raises valid.
4. A consumer may raise or drop ready at any time.
"""

from myhdl import Signal, intbv


class Interface:
    """Signals that travel together as one argument; a port of a module is named argument_attribute."""


class Stream(Interface):
    """One direction of data: the producer drives data and valid, the consumer drives ready."""

    def __init__(self, width: int):
        self.data = Signal(intbv(0)[width:])
        self.valid = Signal(bool(0))
        self.ready = Signal(bool(0))
