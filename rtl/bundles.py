"""Signals that travel together between SAT's blocks."""

from rtl import words
from rtl.sat_config import SatConfig
from rtl.stream import Interface, bit, bus


class Drain(Interface):
    """How sums leave the array: through each column's chain of accumulators, or from its memories.

    load     take accumulator `slot` of each element into the chain
    shift    move the chain down by a row
    slot     the accumulator: its place, and in the lowest bit its set
    read     fetch the sum at `address` from memory `set`
    memory   the memories' words leave; else those of the chain
    """

    def __init__(self, config: SatConfig):
        self.load = bit()
        self.shift = bit()
        self.slot = bus(words.slot(config))
        self.read = bit()
        self.address = bus(words.sum_bits(config))
        self.set = bus(1)
        self.memory = bit()

    @property
    def chain(self) -> Interface:
        """The part of it that processing elements need."""
        return self.only("load", "shift", "slot")

    @property
    def memories(self) -> Interface:
        """The part of it that the memories of sums need."""
        return self.only("read", "address", "set", "memory")
