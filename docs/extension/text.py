"""Markdown from the repository's own texts: tables, and docstrings with their lists `name  meaning`."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

CODE = re.compile(r"(?<![`\w/.])((?:rtl|tlm|cosim|training|sat|tests)/[\w/.]+\w|(?:layouts|bundles|timing)\.[\w.]*\w)")
PROMISES = ("Latency", "Throughput", "Reset", "Golden")  # of every block


def escaped(text: str) -> str:
    """Plain text as Markdown that says it letter by letter; what is in backticks, and paths of files, is code."""
    return "".join(
        part if part.startswith("`") else re.sub(r"([\\*<>\[\]|{}$#])", r"\\\1", part)
        for part in re.split(r"(`[^`]*`)", CODE.sub(r"`\1`", text))
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table of cells that are Markdown."""
    lines = [f"| {' | '.join(cells)} |".replace("\n", " ") for cells in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Entry:
    """An entry of a docstring's list."""

    names: tuple[str, ...]
    meaning: str


ENTRY = re.compile(rf"((?:{'|'.join(PROMISES)})(?= )|[A-Za-z_]\w*\*?(?:, [A-Za-z_]\w*\*?)*(?=  )) +(\S.*)")


def parsed(docstring: str) -> list[str | Entry]:
    """The paragraphs of a docstring, and the entries of its lists, in their order.

    An entry is a line of names, two spaces or more and their meaning, which goes on in the indented lines below it.
    """
    found: list[str | Entry] = []
    fresh = True
    for line in docstring.splitlines():
        entry = ENTRY.fullmatch(line)
        if not line.strip():
            fresh = True
        elif entry:
            found.append(Entry(tuple(entry[1].split(", ")), entry[2]))
        elif line.startswith("  ") and found and isinstance(found[-1], Entry) and not fresh:
            found[-1] = Entry(found[-1].names, f"{found[-1].meaning} {line.strip()}")
        elif fresh or isinstance(found[-1], Entry) or line.startswith(("Returns", "Raises")):
            found.append(line.strip())
        else:
            found[-1] = f"{found[-1]} {line.strip()}"
        fresh = not line.strip()
    return found
