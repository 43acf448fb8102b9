"""The house's plain docstrings as reStructuredText, for autodoc: their lists become definition lists."""

import re
from typing import Any

from docs.extension.text import CODE, Entry, parsed


def process(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """autodoc-process-docstring: replace the lines in place. What Python itself says of a named tuple's field goes."""
    lines[:] = [] if lines and lines[0].startswith("Alias for field number") else rendered("\n".join(lines))


def signature(*event: Any) -> tuple[str, str] | None:
    """autodoc-process-signature: types without pydantic's rules, which the page of configurations has as bounds."""
    *_, arguments, returned = event
    return (
        (re.sub(r"[\w.~]*Annotated\[([\w.~]+)(?:, [\w.~]+\([^()]*\))*\]", r"\1", arguments), returned)
        if arguments
        else None
    )


def rendered(docstring: str) -> list[str]:
    """Lines of reStructuredText. An indented part, which is an example, stays as it is."""
    lines = []
    for paragraph in docstring.split("\n\n"):
        if paragraph.startswith("    "):
            lines += ["::", "", *paragraph.splitlines(), ""]
        else:
            lines += [line for piece in parsed(paragraph) for line in _piece(piece)]
    return lines


def _piece(piece):
    if isinstance(piece, Entry):
        names = ", ".join(f"``{name}``" for name in piece.names)
        return [names, f"    {escaped(piece.meaning)}", ""]
    head, word, rest = piece.partition(" ")
    text = f"**{head}** {escaped(rest)}" if head in ("Returns", "Raises") and word else escaped(piece)
    return [text, ""]


def escaped(text: str) -> str:
    """Plain text as reStructuredText that says it letter by letter; what is in backticks, and paths, is code."""
    pieces = re.split(r"`([^`]*)`", CODE.sub(r"`\1`", text))
    return "".join(
        (f"``{piece}``" if piece.strip() else "") if i % 2 else _plain(piece) for i, piece in enumerate(pieces)
    )


def _plain(text):
    return re.sub(r"([\\*|])|(?<=\w)(_)(?!\w)", lambda found: f"\\{found[0]}", text)
