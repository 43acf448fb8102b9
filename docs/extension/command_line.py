"""Every command with its options, from the command line's own objects."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import typer

from docs.extension.text import escaped, table
from sat.__main__ import app, introduction

KINDS = {int: "number", float: "number", str: "text", Path: "path"}


def pages() -> dict[str, str]:
    """{path of the page: Markdown}."""
    parts = [f"# Command line\n\n{escaped(introduction())}\n"]
    parts += [section(path, command) for path, command in commands(whole())]
    return {"command_line": "\n".join(parts)}


def whole() -> Any:
    """The command line with all of its commands, which it would load one at a time."""
    group: Any = typer.main.get_command(app)
    group.commands = group.loaded()
    return group


def commands(group: Any, path: tuple[str, ...] = ("sat",)) -> Iterator[tuple[tuple[str, ...], Any]]:
    """(words, command) of each command below a group that is not hidden; a group comes before its own commands."""
    for name, command in group.commands.items():
        if not command.hidden:
            yield (*path, name), command
            if hasattr(command, "commands"):
                yield from commands(command, (*path, name))


def section(path: tuple[str, ...], command: Any) -> str:
    """A command's heading, help, and a table of options for each of its panels."""
    parts = [f"{'#' * len(path)} `{' '.join(path)}`\n", f"{escaped(inspect.cleandoc(command.help or ''))}\n"]
    if default := getattr(command, "default", None):
        parts.append(f"`{' '.join(path)}` alone is `{' '.join((*path, default))}`.\n")
    panels: dict[str, list] = {}
    for parameter in command.params:
        if not getattr(parameter, "hidden", False) and parameter.name != "help":
            panels.setdefault(getattr(parameter, "rich_help_panel", None) or "Options", []).append(parameter)
    for panel, parameters in panels.items():
        rows = [_row(command, parameter) for parameter in parameters]
        parts += [f"**{escaped(panel)}**\n" if len(panels) > 1 else "", table(("option", "default", "meaning"), rows)]
    return "\n".join(parts)


def _row(command, parameter):
    names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
    if parameter.param_type_name == "argument":
        names = f"`{parameter.name.upper()}`"
    kind = "" if getattr(parameter, "is_flag", False) else escaped(parameter.metavar or _kind(command, parameter))
    return (f"{names} {kind}".strip(), _default(parameter), escaped(parameter.help or ""))


def _kind(command, parameter):
    hint = get_type_hints(inspect.unwrap(command.callback)).get(parameter.name, str)
    kinds = [KINDS.get(part) for part in (hint, *get_args(hint)) if part in KINDS]
    kind = kinds[0] if kinds else "text"
    return kind if parameter.nargs == 1 else " ".join([kind] * parameter.nargs)


def _default(parameter):
    value = parameter.default
    if parameter.required:
        return "required"
    if value is None or value is False or value in ((), []) or callable(value):
        return ""
    return f"`{' '.join(map(str, value)) if isinstance(value, list) else value}`"
