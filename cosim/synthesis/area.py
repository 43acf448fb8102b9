"""The resources of an FPGA that the cells of a synthesised design occupy, beside those that the FPGA has.

Cells are counted as they are before placement, which still packs small LUTs in pairs, and adds a LUT for each input of
a carry chain that comes from none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from cosim.synthesis.synthesis import Netlist
from cosim.tools import ToolFailed

RESOURCES = {"lut": "LUT", "lutram": "LUTRAM", "ff": "FF", "bram": "BRAM36", "dsp": "DSP", "uram": "URAM"}
SPARE = 0.2  # share of each resource that must be left for the logic around the design, for routing and timing

# LUTs of each memory primitive and shift register (UG574).
MEMORY_LUTS = {
    "RAM32X1S": 1,
    "RAM64X1S": 1,
    "RAM128X1S": 2,
    "RAM256X1S": 4,
    "RAM512X1S": 8,
    "RAM32X1D": 2,
    "RAM64X1D": 2,
    "RAM128X1D": 4,
    "RAM256X1D": 8,
    "RAM32M": 4,
    "RAM64M": 4,
    "RAM32M16": 8,
    "RAM64M8": 8,
    "SRL16E": 1,
    "SRLC32E": 1,
}

CELLS: dict[str, dict[str, float]] = {  # cell -> resources that one takes
    **{f"LUT{inputs}": {"lut": 1} for inputs in range(1, 7)},
    "INV": {"lut": 1},  # almost all that ABC9 leaves enter a carry chain, where only a LUT can invert
    **{cell: {"lut": luts, "lutram": luts} for cell, luts in MEMORY_LUTS.items()},
    **{cell: {"ff": 1} for cell in ("FDRE", "FDSE", "FDCE", "FDPE")},
    "RAMB18E2": {"bram": 0.5},
    "RAMB36E2": {"bram": 1},
    "URAM288": {"uram": 1},
    "DSP48E2": {"dsp": 1},
    **{cell: {} for cell in ("CARRY4", "CARRY8", "MUXF7", "MUXF8", "MUXF9")},  # there are enough beside the LUTs
}


@dataclass(frozen=True)
class Fpga:
    """An FPGA: its name, and its number of each resource; lutram is that part of lut which can be memory."""

    name: str
    has: Mapping[str, int]


VCU1525 = Fpga(
    "VCU1525", {"lut": 1_182_240, "lutram": 591_840, "ff": 2_364_480, "bram": 2_160, "dsp": 6_840, "uram": 960}
)


def resources_of(cells: Mapping[str, int], module: str) -> dict[str, float]:
    """The number of each resource that a module's cells take; lut includes lutram. Raises ToolFailed for a cell that is
    unknown here."""
    total: dict[str, float] = dict.fromkeys(RESOURCES, 0)
    for cell, number in cells.items():
        if cell not in CELLS:
            raise ToolFailed(f"module {module}: it is not known what a cell {cell} takes of an FPGA")
        for resource, amount in CELLS[cell].items():
            total[resource] += number * amount
    return total


@dataclass(frozen=True)
class ModuleArea:
    """A module, its number of instances in the design, and the resources of one without the modules below it."""

    module: str
    instances: int
    own: Mapping[str, float]

    @property
    def all(self) -> dict[str, float]:
        """Resources of all instances together."""
        return {resource: amount * self.instances for resource, amount in self.own.items()}


@dataclass(frozen=True)
class Area:
    """The resources of an FPGA that a design takes. Raises ToolFailed for a cell that is not known."""

    netlist: Netlist
    device: Fpga = VCU1525

    @cached_property
    def rows(self) -> list[ModuleArea]:
        """Each module; those that take most LUTs in all come first."""
        counts = self.netlist.instances()
        rows = [
            ModuleArea(module, counts[module], resources_of(self.netlist.own(module), module))
            for module in self.netlist.modules
        ]
        return sorted(rows, key=lambda row: (-row.all["lut"], row.module))

    @cached_property
    def total(self) -> dict[str, float]:
        """Resources of the whole design."""
        return resources_of(self.netlist.cells, self.netlist.top)

    def without(self, module: str) -> dict[str, float]:
        """Resources of the design without a module's instances and all below them; Yosys counts each module once."""
        inside, times = self.netlist.instances(module), self.netlist.instances()[module]
        own = {row.module: row.own for row in self.rows}
        return {
            resource: amount - times * sum(own[part][resource] * count for part, count in inside.items())
            for resource, amount in self.total.items()
        }

    @property
    def used(self) -> dict[str, float]:
        """Share of each resource that the design takes; above 1 where the device has too little."""
        return {resource: self.total[resource] / self.device.has[resource] for resource in RESOURCES}

    @property
    def left(self) -> dict[str, float]:
        """Share of each resource that is left; below 0 where it is too little."""
        return {resource: 1 - share for resource, share in self.used.items()}

    @property
    def short(self) -> list[str]:
        """Resources of which less than SPARE is left."""
        return [resource for resource, share in self.used.items() if share > 1 - SPARE]
