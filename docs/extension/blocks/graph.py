"""The data's way through a block: its ports, processes and sub-blocks, and the signals between them."""

from dataclasses import dataclass, field

from docs.extension.blocks.design import DRIVEN, Block, is_block, read_and_driven, signals
from rtl.hdl.stream import Interface

CLOCKS = ("clk", "rst", "aclk", "aresetn", "update_clk")


@dataclass
class Node:
    """What is drawn: kind is input, output, register, logic or block, and several alike are one node."""

    kind: str
    name: str
    count: int = 1
    reads: list = field(default_factory=list)
    drives: list = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.name}"


@dataclass
class Graph:
    """nodes by key, and edges: (key, key) -> names of the signals, in their order."""

    nodes: dict[str, Node]
    edges: dict[tuple[str, str], list[str]]


def graph(block: Block) -> Graph:
    """The graph of a block. Clocks and resets are left out, and what a register gives to itself."""
    parts = _merged([_node(part) for part in block.instance.subs if not _is_wiring(part)])
    nodes = _merged([*_inputs(block), *parts, *_outputs(block)])
    names, sources = _names(block), _sources(block, nodes)
    edges: dict[tuple[str, str], list[str]] = {}
    for node in nodes:
        for signal in node.reads:
            for giver in sources(signal):
                if giver is not node and names.get(id(signal)) not in CLOCKS:
                    label = edges.setdefault((giver.key, node.key), [])
                    name = _label(names.get(id(signal), ""), giver, node)
                    label += [name] if name and name not in label else []
    edges = {edge: bundled(names) for edge, names in edges.items()}
    used = {key for edge in edges for key in edge}
    return Graph({node.key: node for node in nodes if node.key in used or node.kind == "block"}, edges)


def _is_wiring(part):
    return is_block(part) and part.func in DRIVEN


def _node(part):
    reads, drives = read_and_driven(part)
    if is_block(part):
        return Node("block", part.func.__name__, 1, reads, drives)
    clocked = type(part).__name__ != "_AlwaysComb"
    return Node("register" if clocked else "logic", part.name, 1, reads, drives)


def _merged(nodes):
    found: dict[str, Node] = {}
    for node in nodes:
        if node.key in found:
            same = found[node.key]
            same.count, same.reads, same.drives = same.count + 1, same.reads + node.reads, same.drives + node.drives
        else:
            found[node.key] = node
    return list(found.values())


def _inputs(block):
    for name, value in block.ports.items():
        entering = [signal for signal in signals(value) if id(signal) not in block.outputs]
        if entering and name not in CLOCKS and not _leaves(block, value):
            yield Node("input", name, drives=entering)


def _outputs(block):
    for name, value in block.ports.items():
        leaving = [signal for signal in signals(value) if id(signal) in block.outputs]
        if leaving and not _enters(block, value):
            yield Node("output", name, reads=leaving)


def _leaves(block, value):
    return (valid := valid_of(value)) is not None and id(valid) in block.outputs


def _enters(block, value):
    return (valid := valid_of(value)) is not None and id(valid) not in block.outputs


def valid_of(value):
    """The signal `valid` of a stream, of AXI's too; of anything else None."""
    names = vars(value) if isinstance(value, Interface) else {}
    return next((names[f"{t}valid"] for t in ("", "t") if {f"{t}valid", f"{t}ready"} <= names.keys()), None)


def _sources(block, nodes):
    """sources(signal): the nodes that drive it, through wiring where there is some."""
    givers: dict[int, list] = {}
    for node in nodes:
        for signal in node.drives:
            givers.setdefault(id(signal), []).append(node)
    wires = {}
    for part in block.instance.subs:
        if _is_wiring(part):
            reads, drives = read_and_driven(part)
            wires |= {id(signal): reads for signal in drives}

    def sources(signal, seen=()):
        if id(signal) in givers:
            return givers[id(signal)]
        if id(signal) in seen:
            return []
        return [node for one in wires.get(id(signal), []) for node in sources(one, (*seen, id(signal)))]

    return sources


def _names(block):
    """id(signal) -> its name in the block, of a bundle's signal bundle.name."""
    names: dict[int, str] = {}

    def note(value, name):
        if isinstance(value, Interface):
            for part, signal in vars(value).items():
                note(signal, f"{name}.{part}")
        elif isinstance(value, (list, tuple)):
            for part in value:
                note(part, name)
        elif signals(value):
            names.setdefault(id(value), name)

    # Not Python's own names: a `_` that somebody's session has left among the built-in ones may hold anything.
    inside = {name: value for name, value in block.instance.symdict.items() if not name.startswith("__")}
    own = [name for name, value in inside.items() if isinstance(value, Interface)]
    for name in [*block.arguments, *own, *inside]:
        note(inside.get(name, block.arguments.get(name)), name)
    return names


def bundled(names: list[str]) -> list[str]:
    """The names, and for several signals of a bundle the bundle's; also for several bundles of one."""
    wholes = [name.rpartition(".")[0] for name in names]
    shorter = [whole if whole and wholes.count(whole) > 1 else name for name, whole in zip(names, wholes, strict=True)]
    shorter = list(dict.fromkeys(shorter))
    return names if shorter == names else bundled(shorter)


def _label(name, giver, taker):
    """Without the port's name, which stands at the edge's end already."""
    for node in (giver, taker):
        if node.kind in ("input", "output"):
            name = "" if name == node.name else name.removeprefix(f"{node.name}.")
    return name
