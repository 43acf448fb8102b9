"""What drives what in a hierarchy of converted modules, as far as wires lead: through ports, slices and joins.

It reads the Verilog that rtl/hdl/verilog_text.py writes, not Verilog in general: one statement begins a line, ports are
connected by name, and to identifiers.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

DECLARED = re.compile(r"(input|output|wire|reg|integer)\b\s*(?:\[(.+?):(.+?)\])?\s*(.*)", re.DOTALL)
INSTANCE = re.compile(r"(\w+) (\w+) \((.*)\)", re.DOTALL)
STATEMENT = re.compile(r"\s*(?:(always @[^)]*\) begin$.*?^end$)|([^;]+);)", re.MULTILINE | re.DOTALL)
PART = re.compile(r"(\w+)(?:\[(\d+)(?::(\d+))?\])?")
CONNECTION = re.compile(r"\.(\w+)\((\w+)\)")


class Bits(NamedTuple):
    """`width` bits of a signal, from bit `low` on."""

    name: str
    low: int
    width: int


@dataclass(eq=False)
class Module:
    """A module of the text.

    ports     {name: 'input' or 'output'}, in their order
    widths    of signals, in bits; memories and integers are not among them
    wires     {signal: what drives all of its bits, the low bits first}, where that is nothing but wires
    children  {instance: (module, {port: signal})}
    logic     the text of its processes, and of assignments that are more than wires
    """

    name: str
    ports: dict[str, str] = field(default_factory=dict)
    widths: dict[str, int] = field(default_factory=dict)
    wires: dict[str, list[Bits]] = field(default_factory=dict)
    children: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    logic: list[str] = field(default_factory=list)

    @property
    def inputs(self) -> list[str]:
        """Its input ports."""
        return [port for port, kind in self.ports.items() if kind == "input"]

    @property
    def outputs(self) -> list[str]:
        """Its output ports."""
        return [port for port, kind in self.ports.items() if kind == "output"]

    def whole(self, name: str) -> "Bits":
        """All bits of a signal."""
        return Bits(name, 0, self.widths[name])

    def clocked(self, name: str, clock: str) -> bool:
        """A signal is a register: nothing but processes of that clock assigns it."""
        assigns = re.compile(rf"(?:^|\s){name}(?:\[[^]]*\])? <?= ", re.MULTILINE)
        processes = [text for text in self.logic if assigns.search(text)]
        return bool(processes) and all(text.startswith(f"always @(posedge {clock})") for text in processes)

    @cached_property
    def read(self) -> set[str]:
        """Signals that occur in its logic."""
        words = set(re.findall(r"[A-Za-z_]\w*", "\n".join(self.logic)))
        return words & self.widths.keys()


def modules_of(files: Iterable[Path]) -> dict[str, Module]:
    """The modules of these files, a module a file, by name. Raises ValueError for a file that is none of ours."""
    found = (parsed(file.read_text()) for file in files)
    return {module.name: module for module in found}


def parsed(text: str) -> Module:
    """The module of a file's text. Raises ValueError unless it is one of ours."""
    text = re.sub(r"//.*|/\*.*?\*/|`.*", "", text)
    opening = re.search(r"^module (\w+) \(.*?\);(.*)^endmodule$", text, re.MULTILINE | re.DOTALL)
    if not opening:
        raise ValueError("this file holds no module of the converted Verilog")
    module = Module(opening[1])
    for statement in _statements(opening[2]):
        _take(module, statement)
    return module


def _statements(text: str) -> Iterator[str]:
    """Processes whole, from `always` to the `end` that stands first in a line; and what ends with a semicolon."""
    for process, statement in re.findall(
        r"\s*(?:(always @[^)]*\) begin$.*?^end$)|([^;]+);)", text, re.MULTILINE | re.DOTALL
    ):
        yield process or " ".join(statement.split())


def _take(module: Module, statement: str) -> None:
    if statement.startswith("assign "):
        _wire(module, statement, statement.removeprefix("assign "))
    elif joined := re.fullmatch(r"always @\([\w, ]+\) (\w+ = \{[\w, ]+\})", statement):
        _wire(module, statement, joined[1])
    elif statement.startswith("always"):
        module.logic.append(statement)
    elif declared := DECLARED.fullmatch(statement):
        _declare(module, *declared.groups())
    elif instance := INSTANCE.fullmatch(statement):
        module.children[instance[2]] = instance[1], dict(CONNECTION.findall(instance[3]))
    else:
        raise ValueError(f"module {module.name}: this is no statement of the converted Verilog: {statement}")


def _declare(module: Module, kind: str, high: str | None, low: str | None, names: str) -> None:
    width = 1 if high is None else _number(high) - _number(low or "0") + 1
    for name in re.split(r",\s*", names):
        if kind in ("input", "output"):
            module.ports[name] = kind
        if kind != "integer" and "[" not in name:
            module.widths[name] = width


def _number(text: str) -> int:
    """7, or 8-1 as MyHDL writes it."""
    first, _, second = text.partition("-")
    return int(first) - int(second or 0)


def _wire(module: Module, statement: str, text: str) -> None:
    """Assignments x = y, x = y[7:4] and x = {y, z[3]} are wires; any other makes the whole statement logic."""
    wires = {}
    for one in re.split(r", (?=\w+(?:\[[^]]*\])? =)", text):
        target, _, source = one.partition("=")
        parts = source.strip().removeprefix("{").removesuffix("}").split(", ")
        found = [PART.fullmatch(part) for part in reversed(parts)]
        if target.strip() not in module.widths or not all(part and part[1] in module.widths for part in found):
            module.logic.append(statement)
            return
        wires[target.strip()] = [_bits(module, part) for part in found if part]
    module.wires |= wires


def _bits(module: Module, part: re.Match) -> Bits:
    if part[2] is None:
        return Bits(part[1], 0, module.widths[part[1]])
    low = int(part[3] or part[2])
    return Bits(part[1], low, int(part[2]) - low + 1)


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
