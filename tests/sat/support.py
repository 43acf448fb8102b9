"""The command line, called as a user calls it."""

import json
from pathlib import Path

import typer
from typer.testing import CliRunner

from sat.__main__ import app
from sat.commands import Commands
from tests.support.tools import heard

ROOT = typer.main.get_command(app)
ROOT.commands = ROOT.loaded()
GROUPS = {name: command for name, command in ROOT.commands.items() if isinstance(command, Commands)}
EVERY = [(name,) for name in ROOT.commands] + [(name, sub) for name, group in GROUPS.items() for sub in group.commands]


def options_of(*words: str):
    """The command of these words; of several the default one."""
    command = ROOT
    for word in words:
        command = command.commands[word]
    return command if not isinstance(command, Commands) else command.commands[command.default]


def sat(*words: object, code: int = 0):
    """Run `sat` with these words, and expect this exit code."""
    result = CliRunner().invoke(app, list(map(str, words)))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, heard(result.output)
    return result


def refused(*words: object) -> str:
    """The one line that refuses bad input."""
    lines = sat(*words, code=2).stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("sat: "), lines
    return heard(lines[0])


def data(file: Path) -> dict:
    """The data that --json wrote."""
    return json.loads(file.read_text())
