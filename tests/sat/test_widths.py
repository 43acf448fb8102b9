"""Every report in terminals of several widths: no line is longer than the terminal, so no row wraps."""

import pytest

from cosim.engines.functional import Functional
from cosim.engines.myhdl_engine import MyhdlEngine
from rtl.sat.config import PRESETS
from sat import terminal
from sat.area import print_area
from sat.areas import print_areas
from tests.sat.support import EVERY, sat
from tests.support.areas import area

WIDTHS = (80, 100, 200)
SMALL = ("--config", "small", "--batch", 2)
REPORTS = {  # command -> the words of a call that does not take long
    "train": ("--steps", 1, *SMALL),
    "export": ("run", "-o", "out", "--as", "2:4"),
    "train compare": ("dense,bdwp", "--seeds", 1, "--steps", 1, *SMALL),
    "cycles": ("--model", "resnet50", "--batch", 64),
    "cycles paper": SMALL,
    "cycles ablate": SMALL,
    "verify": ("--engine", "myhdl", "--steps", 1, "--batch", 1),
    "verify forward": ("--engine", "verilator", "--config", "small"),
    "verify sample": (8, "--engine", "myhdl", "--batch", 1),
    "verify gemm": (5, 6, 7, "--engine", "myhdl"),
    "compare": ("--models", "cnn", *SMALL),
    "compare paper": ("--densities", 0.2, "--config", "small"),
    "compare gemms": ("gemms.csv", "--config", "small"),
    "plan": ("--model", "resnet18", "--batch", 2),
    "verilog": ("--config", "small", "-o", "verilog"),
}
FIRST = ("run", "step", "steps", "networks")  # the names of the default commands, which need none


def test_no_report_is_forgotten():
    assert {" ".join(words) for words in EVERY if words[-1] not in FIRST} == REPORTS.keys()


@pytest.mark.parametrize("name", REPORTS)
def test_no_row_wraps_and_what_is_left_out_is_named(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gemms.csv").write_text(
        "layer,M,N,K,density_a,density_b\nblocks.11.attn.proj.of.a.branch,64,48,32,0.2,1\n"
    )
    if name == "export":
        sat("train", *REPORTS["train"], "--out", "run")
    monkeypatch.setattr(MyhdlEngine, "_run", lambda self, *work: Functional(self.config).run(*work))
    shown: set[str] = set()
    everything: set[str] = set()
    for width in (1000, *reversed(WIDTHS)):
        monkeypatch.setenv("COLUMNS", str(width))
        lines = sat(*name.split(), *REPORTS[name]).stdout.splitlines()
        head = next(number for number, line in enumerate(lines) if line.startswith("───")) - 1
        keys = set(lines[head].split())
        assert max(map(len, lines)) <= width and {len(line) for line in lines[head : head + 3]} == {len(lines[head])}
        everything = everything or keys
        assert any(line.startswith("left out: ") for line in lines) == (keys < everything)
        assert len(keys) >= 2 and keys <= (shown or keys)
        shown = keys


@pytest.mark.parametrize("width", WIDTHS)
def test_areas_fit_too(width, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(width))
    found = area(LUT2=500_000, RAMB18E2=3, URAM288=2)
    print_area(terminal.console(), found, f"Area of {PRESETS['vcu1525'].name}")
    print_areas(terminal.console(), dict(sat=found.total, systolic=found.total))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width and any("1,000,000" in line for line in lines)
    assert any(line.startswith("left out: ") for line in lines) == (width == 80)
