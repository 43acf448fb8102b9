"""What `sat` itself takes, before any command."""

import importlib.metadata

import pytest

from sat.__main__ import app
from tests.sat.support import refused, sat

COMMANDS = [command.name or command.callback.__name__ for command in app.registered_commands]


@pytest.mark.parametrize("words", [[], *([name] for name in COMMANDS)], ids=lambda words: " ".join(words) or "sat")
def test_h_is_help(words):
    told = sat(*words, "-h").stdout
    assert "Usage: " in told and "-h" in told and told == sat(*words, "--help").stdout


def test_the_version_is_that_of_the_installed_package():
    assert sat("--version").stdout == f"sat {importlib.metadata.version('sat-cosim')}\n"


def test_sources_that_are_not_installed_have_no_version(monkeypatch):
    def version(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert refused("--version") == "sat: run from its sources, which have no version: pip install -e ."
