"""What `sat` itself takes, before any command."""

import importlib.metadata

import pytest
from typer.testing import CliRunner

from sat.__main__ import COMMANDS, app
from tests.sat.support import refused, sat


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


@pytest.mark.parametrize("typed, offered", [("ver", {"verify", "verilog"}), ("cycles --batc", {"--batch"})])
def test_the_shell_completes_commands_and_options(typed, offered):
    words = f"sat {typed}"
    asked = dict(_SAT_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(words.count(" ")))
    assert set(CliRunner().invoke(app, [], prog_name="sat", env=asked).stdout.split()) == offered


def test_completion_can_be_installed():
    assert "--install-completion" in sat("--help").stdout
