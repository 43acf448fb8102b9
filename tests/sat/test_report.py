"""The report of a training step: no figure is lost, and each is defined."""

import pytest

from rtl.sat.config import PRESETS
from sat import terminal
from sat.report import COLUMNS, ON_HOST, duration, print_report, report_data
from tlm import Gemm
from tlm.report import DEFINITIONS, step_report
from tlm.step import cost


def report_of(gemm, config):
    return step_report(*2 * [cost([gemm], config)])


def test_no_figure_of_a_report_is_cut_in_a_narrow_terminal(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "60")
    everything = [column.key for column in COLUMNS]
    gemm = Gemm(123_456, 789, 1_011, layer="a.layer.with.a.long.path", stage="wu")
    report = report_of(gemm, PRESETS["vcu1525"])
    print_report(terminal.console(), report, "A step", asked=everything)
    printed = capsys.readouterr().out
    row = report.rows[0]
    assert f"({row['cycles'] / 200e3:,.2f} ms at 200 MHz)" in printed
    assert "…" not in printed and printed.count("a.layer.with.a.long.path") == 1
    assert f"on the host, and not in these cycles: {', '.join(ON_HOST)}" in " ".join(printed.split())
    assert report_data(report, 7)["on_host"] == list(ON_HOST)
    assert all(f"{row[key]:,}" in printed for key in ("macs", "cycles", "bytes_values", "bytes_results"))


def test_text_is_shown_as_it_is(capsys):
    hostile = "[/x] [red]y[/] :smile:"
    config = PRESETS["small"].model_copy(update=dict(name=hostile))
    print_report(
        terminal.console(), report_of(Gemm(2, 3, 4, layer=hostile, stage="wu"), config), f"A step on {hostile}"
    )
    assert capsys.readouterr().out.count(hostile) == 2


def test_every_figure_of_a_row_is_defined():
    assert {column.key: column.definition for column in COLUMNS} == {
        key: text for key, text in DEFINITIONS.items() if key not in ("dense_cycles", "speedup")
    }


@pytest.mark.parametrize(
    "cycles, words",
    [
        (1, "0.01 µs"),
        (150_000, "750.00 µs"),
        (200_000, "1.00 ms"),
        (86_459, "432.30 µs"),
        (465_266_611, "2.33 s"),
        (4e11, "2,000 s"),
    ],
)
def test_the_time_of_cycles_is_in_a_unit_that_suits(cycles, words):
    assert duration(cycles, PRESETS["vcu1525"]) == words
