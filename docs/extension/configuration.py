"""Parameters of each accelerator's configuration: presets, meaning and bounds, from its fields."""

import inspect
from types import NoneType
from typing import Any, get_args

from docs.extension.text import escaped, parsed, table
from rtl.config import Config
from tlm.accelerators import TABLE


def pages() -> dict[str, str]:
    """{path of the page: Markdown}."""
    parts = [
        "# Configuration\n",
        "A configuration is a preset by its name, or a JSON file with the parameters that differ from the defaults. "
        "Unknown keys and values out of bounds are refused with rule and value.\n",
    ]
    for row in TABLE.values():
        kind = row.config_type
        paragraphs = [f"{escaped(text)}\n" for text in parsed(inspect.getdoc(kind) or "") if isinstance(text, str)]
        parts += [f"## {row.title}\n", *paragraphs, _table(kind, row.presets)]
    return {"configuration": "\n".join(parts)}


def _table(kind: type[Config], presets: dict[str, Config]) -> str:
    head = ("parameter", "meaning", *(f"`{name}`" for name in presets), "default", "bounds")
    rows = [
        (
            f"`{name}`",
            escaped(field.description or ""),
            *(_text(getattr(config, name)) for config in presets.values()),
            "required" if field.is_required() else _text(field.default),
            bounds(field),
        )
        for name, field in kind.model_fields.items()
        if name != "name"
    ]
    return table(head, rows)


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def bounds(field: Any) -> str:
    """The values that a field of a configuration takes."""
    choices = [str(value) for value in get_args(field.annotation) if value is not NoneType]
    if choices:
        return ", ".join(choices)
    rules = {name: value for rule in field.metadata for name, value in vars_of(rule).items()}
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "multiple_of": "multiple of"}
    return ", ".join(f"{signs[name]} {_text(rules[name])}" for name in signs if name in rules)


def vars_of(rule: Any) -> dict[str, Any]:
    """The attributes of a rule of pydantic's, which is a small dataclass with slots."""
    return {name: getattr(rule, name) for name in ("ge", "gt", "le", "lt", "multiple_of") if hasattr(rule, name)}
