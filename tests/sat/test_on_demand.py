"""Commands that are loaded when they are called: nothing else is, and PyTorch and the simulators least of all."""

import gc
import json
import os
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from sat.on_demand import Place, on_demand
from tests.support.tree import ROOT

# What no command of the model needs: PyTorch, simulators, engines, and what draws, reads data sets or compares areas.
HEAVY = ("torch", "myhdl", "cosim", "training", "sklearn", "matplotlib", "PIL")
ALSO_NOT = ("numpy", "tlm", "rtl")  # by what runs no command at all
STEP = ("--config", "vcu1525", "--batch", "64", "--json", "-")


def loaded_by(*words: str, **variables: str) -> tuple[str, set[str]]:
    """What `sat` with these words prints, and the packages that are loaded at its end."""
    code = (
        "import sys; sys.argv[0] = 'sat'; from sat.__main__ import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, env=os.environ | variables
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("words", [("cycles", "--model", "resnet50", *STEP), ("plan", "--model", "vit", *STEP)])
def test_a_step_of_a_built_in_network_is_costed_without_pytorch_and_simulators(words):
    told, found = loaded_by(*words)
    assert json.loads(told)["model"] == words[2] and "numpy" in found
    assert found & {*HEAVY} == set()


@pytest.mark.parametrize("words", [("--help",), ("cycles", "--help"), ("plan", "--help")], ids=" ".join)
def test_help_loads_neither(words):
    told, found = loaded_by(*words)
    assert "Usage: " in told and "typer" in found
    assert found & {*HEAVY} == set()


def test_the_version_and_completion_of_a_command_load_nothing_of_the_model():
    told, found = loaded_by("--version")
    assert told.startswith("sat ") and found & {*HEAVY, *ALSO_NOT} == set()
    told, found = loaded_by(_SAT_COMPLETE="complete_bash", COMP_WORDS="sat ver", COMP_CWORD="1")
    assert told.split() == ["verify", "verilog"] and found & {*HEAVY, *ALSO_NOT} == set()


@pytest.fixture
def line(tmp_path, monkeypatch):
    """A command line of two, one of which is broken; and the words with which the other was called."""
    (tmp_path / "whole_command.py").write_text(
        "import typer\n\napp = typer.Typer()\n\n\n@app.command()\n"
        "def any_name(size: int = 1):\n    '''Do it well.'''\n    print(f'size {size}')\n"
    )
    (tmp_path / "broken_command.py").write_text("raise RuntimeError('loaded')\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield on_demand(
        {"whole": Place("whole_command", "Does it."), "broken": Place("broken_command", "Fails.")},
        lambda: "What it is.",
    )
    sys.modules.pop("whole_command", None)


def test_a_command_is_loaded_when_it_is_called_and_no_sooner(line):
    run = CliRunner().invoke
    told = run(line, ["--help"]).output
    assert "What it is." in told and 0 < told.index("Does it.") < told.index("Fails.")
    assert "whole_command" not in sys.modules
    assert run(line, ["whole", "--size", "3"]).output == "size 3\n"
    assert gc.isenabled() and gc.get_freeze_count() > 0
    told = run(line, ["whole", "--help"]).output
    assert "whole [OPTIONS]" in told and "Do it well." in told
    assert str(run(line, ["broken"]).exception) == "loaded"
    assert run(line, ["who"]).exit_code == 2


def test_all_can_be_loaded_at_once_under_their_names(line):
    group = typer.main.get_command(line)
    assert list(group.commands) == ["whole", "broken"]
    with pytest.raises(RuntimeError, match="^loaded$"):
        group.loaded()
    group.places = dict(other=group.places["whole"])
    assert [(name, command.name) for name, command in group.loaded().items()] == [("other", "other")]
