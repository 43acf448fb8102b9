"""`--json -`: the data on standard output and nothing else there, whatever the command prints."""

import json
import sys

import pytest

from cosim.engines.functional import Functional
from cosim.engines.myhdl_engine import MyhdlEngine
from sat import terminal
from tests.sat.support import data, sat

SMALL = ("--config", "small", "--batch", 2)


def check(words, told, tmp_path):
    """The same data as in a file, and all that is told on standard error."""
    result = sat(*words, "--json", "-")
    sat(*words, "--json", tmp_path / "same")
    assert json.loads(result.stdout) == data(tmp_path / "same") and told in result.stderr
    assert result.stdout == (tmp_path / "same").read_text() and sys.stdout is not sys.stderr


@pytest.mark.parametrize(
    "words, told",
    [
        (["cycles", *SMALL], "on the host, and not in these cycles"),
        (["plan", *SMALL], "with one dataflow for all"),
        (["compare", "--models", "cnn", *SMALL], "TFLOP/s"),
        (["train", "--steps", 1, *SMALL], "test images recognised"),
        (["train", "compare", "dense", "--seeds", 1, "--steps", 1, *SMALL], "the lowest of the methods' means"),
        (["cycles", "paper", *SMALL], "assumed:"),
        (["cycles", "ablate", *SMALL], "one choice made otherwise"),
        (["compare", "gemms", "gemms.csv", "--config", "small"], "TFLOP/s"),
    ],
    ids=lambda words: words[0] if isinstance(words, list) else "",
)
def test_data_alone_are_on_standard_output(words, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gemms.csv").write_text("layer,M,N,K,density_a,density_b\nq,64,48,32,0.2,1\n")
    check(words, told, tmp_path)


def test_so_they_are_where_verilog_is_written(tmp_path):
    check(["verilog", "--config", "small", "-o", tmp_path / "v"], "modules, ", tmp_path)


def test_so_they_are_of_a_verification(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(MyhdlEngine, "_run", lambda self, *work: Functional(self.config).run(*work))
    check(["verify", *tiny, "--engine", "myhdl", "--batch", 2, "--steps", 1], "equal: 9 tensors", tmp_path)


def test_what_is_refused_leaves_standard_output_empty_and_the_next_command_has_it_again():
    result = sat("cycles", "--json", "-", "--method", "magic", code=2)
    assert not result.stdout and result.stderr.startswith("sat: method must be")
    assert "total" in sat("cycles", *SMALL).stdout


def test_it_is_kept_for_data_only_as_long_as_the_command_runs(capsys):
    with terminal.kept_for_data():
        print("beside")
        terminal.write_json(terminal.STANDARD_OUTPUT, dict(a=1))
    print("after")
    captured = capsys.readouterr()
    assert captured.out == '{\n  "a": 1\n}\nafter\n' and captured.err == "beside\n"


def test_a_file_that_is_called_so_can_be_written_by_its_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sat("cycles", *SMALL, "--json", "./-/x")
    assert data(tmp_path / "-" / "x")
