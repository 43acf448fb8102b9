"""The modules of the converted Verilog: their ports, what is nothing but wires in them, and their logic.

It reads the Verilog that rtl/hdl/verilog_text.py writes, not Verilog in general: one statement begins a line, ports are
connected by name, and to identifiers.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

NAMES = r"\w+(?: \[[^]]*\])?(?:, \w+(?: \[[^]]*\])?)*"  # a memory has its words behind its name
DECLARED = re.compile(rf"(input|output|wire|reg|integer)\b(?: signed)?(?: \[(.+?):(.+?)\])? ({NAMES})")
INSTANCE = re.compile(r"(\w+) (\w+) \((\.\w+\(\w+\)(?:, \.\w+\(\w+\))*)\)")
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
            if width < 1 or module.widths.get(name, width) != width:
                raise ValueError(f"module {module.name}: {name} cannot have {width} bits")
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
        driven = [_bits(module, part) for part in found if part]
        if sum(bits.width for bits in driven) != module.widths[target.strip()]:  # zeros above, or bits that are cut off
            module.logic.append(statement)
            return
        wires[target.strip()] = driven
    module.wires |= wires


def _bits(module: Module, part: re.Match) -> Bits:
    if part[2] is None:
        return Bits(part[1], 0, module.widths[part[1]])
    low = int(part[3] or part[2])
    return Bits(part[1], low, int(part[2]) - low + 1)
