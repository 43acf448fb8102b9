"""A block's ports in tables by role, with widths and directions as they are, and meanings from its docstring."""

import inspect

from docs.extension.blocks.design import Block, signals
from docs.extension.blocks.graph import CLOCKS, valid_of
from docs.extension.text import PROMISES, Entry, escaped, parsed, table
from rtl.hdl.hierarchy import flat_ports
from rtl.hdl.stream import Interface

HEAD = ("port", "direction", "bits", "meaning")


def contract(block: Block) -> tuple[list[str], dict[str, str], dict[str, str]]:
    """(paragraphs, meaning of each port and parameter, promises) of a block's docstring."""
    paragraphs: list[str] = []
    meanings: dict[str, str] = {}
    for part in parsed(block.docstring):
        if isinstance(part, Entry):
            meanings |= dict.fromkeys(_whole(part.names, block), part.meaning)
        else:
            paragraphs.append(part)
    promises = {name: meanings.pop(name) for name in PROMISES if name in meanings}
    if unknown := meanings.keys() - block.arguments.keys():
        raise ValueError(f"{block.file} explains {', '.join(sorted(unknown))}, which {block.name} does not have")
    return paragraphs, meanings, promises


def _whole(names, block):
    for name in names:
        yield from [one for one in block.arguments if one.startswith(name[:-1])] if name[-1] == "*" else [name]


def role(block: Block, name: str) -> str:
    """The heading under which a port stands."""
    value = block.ports[name]
    outputs = [id(signal) in block.outputs for signal in signals(value)]
    if name in CLOCKS:
        return "Clock and reset"
    if (valid := valid_of(value)) is not None:
        return "Streams out" if id(valid) in block.outputs else "Streams in"
    if isinstance(value, Interface):
        return "Bundles"
    return "Outputs" if all(outputs) else "Inputs"


ROLES = ("Clock and reset", "Streams in", "Streams out", "Bundles", "Inputs", "Outputs")


def tables(block: Block, meanings: dict[str, str]) -> str:
    """The tables of a block's ports, and of its parameters."""
    by_role: dict[str, list[str]] = {}
    for name in block.ports:
        by_role.setdefault(role(block, name), []).append(name)
    parts = []
    for heading in ROLES:
        rows = [row for name in by_role.get(heading, []) for row in _rows(block, name, meanings.get(name, ""))]
        parts += [f"### {heading}\n\n{table(HEAD, rows)}"] if rows else []
    if block.parameters:
        rows = [(f"`{name}`", _value(name, value, meanings)) for name, value in block.parameters.items()]
        parts.append(f"### Parameters\n\n{table(('parameter', 'here'), rows)}")
    return "\n".join(parts)


def _rows(block, name, meaning):
    value, meaning = block.ports[name], without_direction(meaning)
    if not isinstance(value, Interface):
        return [_row(block, name, value, escaped(meaning or {"clk": "clock", "rst": "reset"}.get(name, "")))]
    whole = (f"`{name}`", "", str(sum(map(len, signals(value)))), escaped(meaning))
    inner = _of_the_bundle(value)
    return [whole, *(_row(block, f"{name}.{part}", one, inner.get(part, "")) for part, one in vars(value).items())]


def _of_the_bundle(value):
    """Meanings of a bundle's signals, from its class's docstring."""
    entries = [part for part in parsed(inspect.getdoc(type(value)) or "") if isinstance(part, Entry)]
    return {name: escaped(entry.meaning) for entry in entries for name in entry.names}


def _row(block, name, value, meaning):
    if isinstance(value, Interface):
        signal_names = ", ".join(f"`{part}` {len(one)}" for part, one in flat_ports(vars(value)))
        return (f"`{name}`", "", str(sum(map(len, signals(value)))), signal_names)
    return (f"`{name}`", "out" if id(value) in block.outputs else "in", str(len(value)), meaning)


def without_direction(meaning: str) -> str:
    """A port's meaning without its direction, which has a column, and a stream's kind, which is a heading."""
    words = meaning.split(maxsplit=2)
    if words[:1] in (["in"], ["out"]):
        return meaning.split(maxsplit=1)[1] if len(words) > 1 else ""
    if words[1:2] in (["in"], ["out"]) and words[0].endswith("Stream"):
        return words[2] if len(words) > 2 else ""
    return meaning


def _value(name, value, meanings):
    text = f"preset `{value.name}`" if hasattr(value, "model_dump") else f"`{value}`"
    return f"{text}: {escaped(meanings[name])}" if name in meanings else text
