"""The text of MyHDL's Verilog, made shorter, the same in every run, and faster in Icarus."""

import re
from collections.abc import Mapping
from textwrap import fill
from types import MappingProxyType

from rtl.hdl.keywords import RESERVED

LINE = 118  # characters, where several ports stand in one


def tidied(name: str, text: str, waivers: Mapping[str, str] = MappingProxyType({})) -> str:
    """The text of the module `name`, from what MyHDL has written, as it goes to its file.

    waivers  Verilator's warnings that the module keeps, each with its reason: they are switched off in its first lines
    Raises ValueError where the module, a port or a signal is called what Verilog reserves.
    """
    text = in_one_order(_without_named_blocks(text))
    _refuse_reserved_words(name, text)
    return _switched_off(waivers) + _compact(text).lstrip()


def _switched_off(waivers):
    return "".join(f"/* verilator lint_off {kind} */ // {reason}\n" for kind, reason in waivers.items())


def _refuse_reserved_words(module_name, text):
    declared = re.findall(r"^(?:input|output|reg|wire)\b.*?(\w+)(?: \[[^]]*\])?;", text, re.MULTILINE)
    for word in sorted(RESERVED & {module_name, *declared}):
        raise ValueError(f"module {module_name}: a signal cannot be called {word!r}, which Verilog reserves")


def _without_named_blocks(text):
    """Move the variables of named blocks to the module: in Icarus each run of a named block forks a thread."""
    lines, variables, block = [], [], None
    for line in text.splitlines():
        if opening := re.fullmatch(r"(always .* begin): (\w+)", line):
            line, block, names = opening[1], opening[2], []
        elif line == "end":
            block = None
        elif block and (declared := re.fullmatch(r"    (reg|integer) (.*?)(\w+);", line)):
            names.append(declared[3])
            variables.append(f"{declared[1]} {declared[2]}{block}_{declared[3]};")
            continue
        elif block and names:
            line = re.sub(rf"\b({'|'.join(names)})\b", rf"{block}_\1", line)
        lines.append(line)
    first = next((i for i, line in enumerate(lines) if line.startswith(("always", "assign"))), len(lines))
    declarations = "\n".join(lines[:first]).rstrip("\n")
    return "\n".join([declarations, *variables, "", *lines[first:]]) + "\n"


def in_one_order(text):
    """Sort the sensitivity lists, which MyHDL writes in the order of a set: signals, and words of arrays by number."""
    return re.sub(
        r"always @\(([\w\[\]]+(?:, [\w\[\]]+)*)\) begin",
        lambda found: f"always @({', '.join(sorted(found[1].split(', '), key=_counted))}) begin",
        text,
    )


def _counted(name):
    """A sort key that has lanes[2] before lanes[10]."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _compact(text):
    """Several ports or signals a line, where MyHDL and `close` print one, and no two empty lines."""
    text = re.sub(
        r"^(.* \()\n((?:    \.?\w+(?:\(.*\))?,?\n)+)\);\n",
        lambda found: _wrapped(found[1], [line.strip() for line in found[2].splitlines()], after=");"),
        text,
        flags=re.MULTILINE,
    )
    text = re.sub(r"^(output .*)\n((?:wire|reg) .*)", r"\1 \2", text, flags=re.MULTILINE)
    text = re.sub(
        r"^(?:(?:wire|reg) .*;\n)+|^(input (?:\[\d+:0\] )?)\w+;\n(?:\1\w+;\n)+",
        lambda found: _declared(found[0]),
        text,
        flags=re.MULTILINE,
    )
    text = re.sub(r"\bend\n +else", "end else", text)
    text = re.sub(
        rf"^(?:assign|always .* =) .{{{LINE},}}\n",
        lambda found: _wrapped("", found[0].split()),
        text,
        flags=re.MULTILINE,
    )
    text = re.sub(r"^(assign .*(?:\n    .*)*;\n)\n+(?=assign )", r"\1", text, flags=re.MULTILINE)
    text = re.sub(r"^// *\n", "", text, flags=re.MULTILINE)  # a paragraph of a docstring needs no line of its own
    text = re.sub(r"\n{3,}", "\n\n", text)
    return re.sub(r"\);\n\n(?=\w+ \w+ \()", ");\n", text)  # instances stand together


def _declared(text):
    """Declarations, those of one kind and width together."""
    names = {}
    for kind, name in re.findall(r"^(.*?)(\w+(?: \[[^]]*\])?);$", text, re.MULTILINE):
        names.setdefault(kind, []).append(name)
    return "".join(_wrapped(kind, same, ", ", ";") for kind, same in names.items())


def _wrapped(before, words, between=" ", after=""):
    """The words in lines, the first behind `before`, the others indented."""
    return (
        fill(between.join(words) + after, LINE, initial_indent=before, subsequent_indent="    ", break_long_words=False)
        + "\n"
    )
