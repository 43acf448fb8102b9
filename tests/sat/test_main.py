"""What `sat` itself takes, before any command."""

import pytest

from sat.__main__ import app
from tests.sat.support import sat

COMMANDS = [command.name or command.callback.__name__ for command in app.registered_commands]


@pytest.mark.parametrize("words", [[], *([name] for name in COMMANDS)], ids=lambda words: " ".join(words) or "sat")
def test_h_is_help(words):
    told = sat(*words, "-h").stdout
    assert "Usage: " in told and "-h" in told and told == sat(*words, "--help").stdout
