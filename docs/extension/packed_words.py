"""The packed words of both accelerators' ports and blocks, as bit fields on the preset `small`."""

import inspect
from types import ModuleType
from typing import Any

from docs.extension.bits import bar
from docs.extension.text import Entry, escaped, parsed, table
from rtl.hdl.layout import Layout
from rtl.sat import layouts as of_sat
from rtl.sat.config import PRESETS
from rtl.sigma import layouts as of_sigma
from rtl.sigma.config import PRESETS as SIGMA_PRESETS

PRESET = "small"


def pages() -> dict[str, str]:
    """{path of the page: Markdown}."""
    rooms = (("SAT", of_sat, PRESETS[PRESET]), ("SIGMA", of_sigma, SIGMA_PRESETS[PRESET]))
    parts = [
        "# Packed words\n",
        "The words that cross ports and pass between blocks. A word's name in the text of a block is `layouts.name`. "
        f"Bits are those of the preset `{PRESET}`; they follow from the configuration.\n",
    ]
    for title, room, config in rooms:
        parts += [f"## {title}\n", f"From `{room.__name__.replace('.', '/')}.py`.\n"]
        parts += [_section(name, function, layout) for name, function, layout in words(room, config)]
    return {"packed_words": "\n".join(parts)}


def words(room: ModuleType, config: Any) -> list[tuple[str, Any, Layout]]:
    """(name, function, layout) of each word that a configuration settles."""
    functions = [
        (name, function)
        for name, function in vars(room).items()
        if inspect.isfunction(function) and function.__module__ == room.__name__ and not name.startswith("_")
    ]
    known = {name: function for name, function in functions if inspect.signature(function).return_annotation is Layout}
    settled = {name: set(inspect.signature(function).parameters) for name, function in known.items()}
    return [
        (name, known[name], known[name](*([config] if needs else [])))
        for name, needs in settled.items()
        if needs <= {"config"}
    ]


def _section(name, function, layout):
    parts = parsed(inspect.getdoc(function))
    meanings = {one: part.meaning for part in parts if isinstance(part, Entry) for one in part.names}
    rows = [
        (f"`{field}`", str(layout.bits(field)), _bits(layout, field), escaped(meanings.get(field, "")))
        for field in layout.fields
    ]
    head, cells = ("field", "width", "bits", "meaning"), rows
    if not any(row[3] for row in rows):
        head, cells = head[:3], [row[:3] for row in rows]
    paragraphs = [f"{escaped(part)}\n" for part in parts if not isinstance(part, Entry)]
    return "\n".join([f"### `{name}`: {layout.width} bits\n", *paragraphs, bar(layout), table(head, cells)])


def _bits(layout, field):
    high, low = layout[field]
    return str(low) if high - low == 1 else f"{high - 1}:{low}"
