"""A design in two models: the block that it has most of, once for all its instances, and the rest.

Verilator makes C++ for each instance of a module: that takes long to compile, and no instruction cache can hold it. So
the block that stands most often, the cell, is a model of its own, with as many objects as it has instances. The
rest is a second model, in which the cells are empty. Once a clock cycle the program around both (simulation.cc) hands
each cell its inputs, which are outputs of other cells or of the rest.
"""

import re
from collections.abc import Iterable, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from cosim.engines.verilator.hierarchy import Hierarchy, Instance, Source
from cosim.engines.verilator.netlist import Bits, Module

CLOCK = "clk"


class Link(NamedTuple):
    """What an input of a cell is connected to: output `port` of that cell, or of the rest, where `cell` is None."""

    cell: int | None
    port: int


class Net(NamedTuple):
    """A signal of the rest: its hierarchical name, and its width in bits."""

    name: str
    width: int


class Partition:
    """How the cells of a hierarchy and its rest are connected.

    cells           the cell's instances, by number
    inputs, outputs ports of a cell, but for its clock
    links           of each cell, for each of its inputs
    given           signals of the rest that cells take, by number
    taken           outputs of cells that the rest takes: (cell, number of its output)
    order           numbers of the cells, each before those whose outputs it takes
    Raises ValueError for a cell whose outputs are no registers, whose clock is not the top's, or which takes its own
    outputs, straight or through other cells.
    """

    def __init__(self, hierarchy: Hierarchy):
        self.hierarchy, self.cells = hierarchy, hierarchy.cells
        self._numbers = {cell: number for number, cell in enumerate(self.cells)}
        self._given: dict[tuple[Source, ...], int] = {}
        self.given: list[Net] = []
        if not self.cells:
            self.inputs, self.outputs, self.links = [], [], []
        else:
            self._check_outputs()
            self.inputs = [port for port in self.cell.inputs if port != CLOCK]
            self.outputs = self.cell.outputs
            self.links = [[self._link(cell, port) for port in self.inputs] for cell in self.cells]
        self.taken = self._taken()
        self.order = self._order()

    @property
    def cell(self) -> Module:
        """The module that stands alone. Raises KeyError where there is none."""
        return self.hierarchy.modules[self.hierarchy.cell or ""]

    def _check_outputs(self) -> None:
        alone = Hierarchy(self.hierarchy.modules, self.cell.name)
        for instance in alone.rest:
            _check_clocked(instance, alone)
        for port in self.cell.outputs:
            for source in alone.sources(alone.top, self.cell.whole(port)):
                if not source.instance.module.clocked(source.bits.name, CLOCK):
                    raise ValueError(f"output {port} of a cell {self.cell.name} must be a register of {CLOCK}")

    def _link(self, cell: Instance, port: str) -> Link:
        assert cell.parent
        if self.hierarchy.sources(cell.parent, Bits(cell.ports[CLOCK], 0, 1)) != [
            Source(self.hierarchy.top, Bits(CLOCK, 0, 1))
        ]:
            raise ValueError(f"the clock of a cell {self.cell.name} must be the top's {CLOCK}")
        net = Bits(cell.ports[port], 0, self.cell.widths[port])
        sources = tuple(self.hierarchy.sources(cell.parent, net))
        number = self._numbers.get(sources[0].instance)
        if number is not None and len(sources) == 1 and sources[0].bits == self.cell.whole(sources[0].bits.name):
            return Link(number, self.outputs.index(sources[0].bits.name))
        if sources not in self._given:
            self._given[sources] = len(self.given)
            self.given.append(Net(f"{cell.parent.path}.{net.name}".lstrip("."), net.width))
        return Link(None, self._given[sources])

    def _taken(self) -> list[tuple[int, int]]:
        read = [source for sources in self._given for source in sources]
        for instance in self.hierarchy.rest:
            names = instance.module.read | set(instance.module.outputs if instance is self.hierarchy.top else ())
            for name in names:
                read += self.hierarchy.sources(instance, instance.module.whole(name))
        return sorted({(number, output) for number, output in map(self._output, read) if number is not None})

    def _output(self, source: Source) -> tuple[int | None, int]:
        number = self._numbers.get(source.instance)
        return number, 0 if number is None else self.outputs.index(source.bits.name)

    def _order(self) -> Sequence[int]:
        before: dict[int, set[int]] = {number: set() for number in range(len(self.cells))}
        for number, links in enumerate(self.links):
            for source in _cells(links):
                before[source].add(number)
        try:
            return list(TopologicalSorter(before).static_order())
        except CycleError as error:
            raise ValueError(f"a cell {self.cell.name} takes its own outputs, by way of {error.args[1]}") from None


def _check_clocked(instance: Instance, alone: Hierarchy) -> None:
    """Raise ValueError unless an instance below a cell has the cell's clock, and uses it for rising edges alone: for a
    cell acts on both edges (text.on_both_edges)."""
    module, cell = instance.module, alone.top.module.name
    if CLOCK in module.ports and alone.sources(instance, Bits(CLOCK, 0, 1)) != [Source(alone.top, Bits(CLOCK, 0, 1))]:
        raise ValueError(f"{CLOCK} of {module.name} in a cell {cell} must be the cell's")
    for text in module.logic:
        rest = text.removeprefix(f"always @(posedge {CLOCK}) begin")
        if re.search(rf"\b({CLOCK}|posedge|negedge)\b", rest):
            raise ValueError(
                f"processes of {module.name} in a cell {cell} must act on the rising edge of {CLOCK} alone"
            )


def _cells(links: Iterable[Link]) -> list[int]:
    return [link.cell for link in links if link.cell is not None]
