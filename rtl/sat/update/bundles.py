"""Signals that travel together between the blocks of the weight update."""

from rtl.hdl.stream import Interface, bit, bus
from rtl.sat.config import SatConfig


class UpdateSlice(Interface):
    """A slice of update_lanes weights with their velocities and gradients, FP32, the first in the low bits."""

    def __init__(self, config: SatConfig):
        self.weights = bus(32 * config.update_lanes)
        self.velocities = bus(32 * config.update_lanes)
        self.gradients = bus(32 * config.update_lanes)


class SectionRow(Interface):
    """A row of so many bits on its way into a section of an update tile's results; done: it stands, for this cycle."""

    def __init__(self, bits: int):
        self.done = bit()
        self.row = bus(bits)


class SectionFetch(Interface):
    """A row of so many bits that leaves a section: take fetches it, and a cycle later `row` holds it."""

    def __init__(self, bits: int):
        self.take = bit()
        self.row = bus(bits)
