"""What drives what below a top module, as far as wires lead: through ports, slices and joins."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from cosim.engines.verilator.netlist import Bits, Module


@dataclass(eq=False)
class Instance:
    """A module in its place."""

    module: Module
    name: str = ""
    parent: "Instance | None" = None

    @cached_property
    def path(self) -> str:
        """Its hierarchical name below the top's."""
        return f"{self.parent.path}.{self.name}" if self.parent and self.parent.path else self.name

    @property
    def ports(self) -> Mapping[str, str]:
        """{port: signal of the parent}."""
        assert self.parent
        return self.parent.module.children[self.name][1]


class Source(NamedTuple):
    """Bits of a signal that no wire drives: of a register, of logic, of a cell's output, or of the top's input."""

    instance: Instance
    bits: Bits


class Hierarchy:
    """The instances below a top module.

    cell   the module whose insides are left out: its outputs are sources; None: there is none
    cells  its instances
    rest   all others
    """

    def __init__(self, modules: Mapping[str, Module], top: str, cell: str | None = None):
        self.modules, self.cell = modules, cell
        self.cells: list[Instance] = []
        self.rest: list[Instance] = []
        self._drivers: dict[Instance, dict[str, tuple[Instance, str]]] = {}
        self._known: dict[Instance, dict[str, list[Source]]] = defaultdict(dict)
        self.top = Instance(modules[top])
        self._place(self.top)

    def _place(self, instance: Instance) -> None:
        if instance.module.name == self.cell:
            self.cells.append(instance)
            return
        self.rest.append(instance)
        drivers = self._drivers[instance] = {}
        for name, (module, ports) in instance.module.children.items():
            child = Instance(self.modules[module], name, instance)
            _check_connections(child)
            drivers |= {ports[port]: (child, port) for port in child.module.outputs if port in ports}
            self._place(child)

    def sources(self, instance: Instance, bits: Bits) -> list[Source]:
        """What drives these bits of a signal in an instance, the low bits first."""
        whole = self._sources(instance, bits.name)
        return whole if bits == instance.module.whole(bits.name) else list(_slice(whole, bits))

    def _sources(self, instance: Instance, name: str) -> list[Source]:
        known = self._known[instance]
        if name not in known:
            known[name] = _joined(self._driven(instance, name))
        return known[name]

    def _driven(self, instance: Instance, name: str) -> Iterator[Source]:
        child, port = self._drivers[instance].get(name, (None, ""))
        if parts := instance.module.wires.get(name):
            for part in parts:
                yield from self.sources(instance, part)
        elif instance.parent and instance.module.ports.get(name) == "input":
            yield from self._sources(instance.parent, instance.ports[name])
        elif child is None:
            yield _itself(instance, name)
        elif child.module.name == self.cell:
            yield _itself(child, port)
        else:
            yield from self._sources(child, port)


def _check_connections(instance: Instance) -> None:
    """Raise ValueError unless every port of an instance is connected to a signal of its width that no wire drives."""
    module, parent = instance.module, instance.parent.module if instance.parent else None
    assert parent
    if instance.ports.keys() != module.ports.keys():
        raise ValueError(f"module {parent.name}: {instance.name} must have the ports {', '.join(module.ports)}")
    for port, net in instance.ports.items():
        if parent.widths.get(net) != module.widths[port]:
            raise ValueError(f"module {parent.name}: {net} must have the {module.widths[port]} bits of port {port}")
        if net in parent.wires and module.ports[port] == "output":
            raise ValueError(f"module {parent.name}: {net} is driven twice")


def _itself(instance: Instance, name: str) -> Source:
    return Source(instance, instance.module.whole(name))


def _joined(sources: Iterable[Source]) -> list[Source]:
    """The same, with neighbouring bits of one signal as one source."""
    found: list[Source] = []
    for source in sources:
        (name, low, width), last = source.bits, found[-1] if found else None
        if last and last.instance is source.instance and last.bits == (name, low - last.bits.width, last.bits.width):
            found[-1] = last._replace(bits=last.bits._replace(width=last.bits.width + width))
        else:
            found.append(source)
    return found


def _slice(whole: list[Source], bits: Bits) -> Iterator[Source]:
    """Those of the sources in a row, the low bits first, or their parts, that `bits` names by its place and width."""
    place, end = 0, bits.low + bits.width
    for source in whole:
        first, last = max(bits.low, place), min(end, place + source.bits.width)
        if first < last:
            low = source.bits.low + first - place
            yield source._replace(bits=Bits(source.bits.name, low, last - first))
        place += source.bits.width
