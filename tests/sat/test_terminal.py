"""What the commands share on the terminal."""

import pytest
import typer

from rtl.sat_config import PRESETS
from sat import terminal
from tlm import Gemm
from tlm.report import DEFINITIONS, cost, step_report


def test_no_figure_of_a_report_is_cut_in_a_narrow_terminal(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "60")
    gemm = Gemm(123_456, 789, 1_011, layer="a.layer.with.a.long.path", stage="wu")
    report = step_report(*2 * [cost([gemm], PRESETS["vcu1525"])])
    terminal.print_report(terminal.console(), report, "A step")
    printed = capsys.readouterr().out
    row = report.rows[0]
    assert f"({row['cycles'] / 200e3:,.2f} ms at 200 MHz)" in printed
    assert "…" not in printed and printed.count("a.layer.with.a.long.path") == 1
    assert f"on the host, and not in these cycles: {', '.join(terminal.ON_HOST)}\n" in printed
    assert terminal.report_data(report, 7)["on_host"] == list(terminal.ON_HOST)
    assert all(f"{row[key]:,}" in printed for key in ("macs", "cycles", "bytes_values", "bytes_results"))


def test_a_heading_that_is_wider_than_its_table_is_one_line(capsys):
    terminal.console().print(terminal.table("What " * 20 + "this is", ["module"]))
    assert "What " * 20 + "this is\n" in capsys.readouterr().out


HOSTILE = "[/x] [red]y[/] :smile:"


def test_text_is_shown_as_it_is_in_headings_cells_and_lines(capsys):
    config = PRESETS["small"].model_copy(update=dict(name=HOSTILE))
    report = step_report(*2 * [cost([Gemm(2, 3, 4, layer=HOSTILE, stage="wu")], config)])
    console = terminal.console()
    terminal.print_report(console, report, f"A step on {HOSTILE}")
    terminal.verdict(console, HOSTILE, f" is {HOSTILE}")
    assert capsys.readouterr().out.count(HOSTILE) == 4


def test_text_is_shown_as_it_is_while_it_works(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    with terminal.progress() as bar:
        bar.add_task(HOSTILE, total=1)
    with terminal.working(HOSTILE):
        pass
    assert capsys.readouterr().err.count(HOSTILE) >= 2


def test_what_is_printed_beside_a_progress_bar_goes_to_the_output(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")  # standard error is a terminal, standard output is not
    with terminal.progress() as bar:
        bar.add_task("training", total=1)
        terminal.console().print("epoch 1")
    captured = capsys.readouterr()
    assert "epoch 1" in captured.out and "epoch 1" not in captured.err


def test_what_a_report_shows_is_defined():
    shown = " ".join(terminal.COLUMNS.values())
    assert all(f"{{{key}" in shown for key in ("layer", "stage", "macs", "cycles", "share", "bytes_indices"))
    text = terminal.definitions()
    assert all(f"{key}[/]: {meaning}" in text for key, meaning in DEFINITIONS.items())


@pytest.mark.parametrize("error", [ValueError("rule\n and value"), FileNotFoundError(2, "No such file", "x")])
def test_bad_input_is_one_line_and_a_fault_of_ours_is_not_hidden(error, capsys):
    with pytest.raises(typer.Exit) as caught, terminal.reading_input():
        raise error
    assert caught.value.exit_code == 2 and capsys.readouterr().err.count("\n") == 1
    with pytest.raises(ZeroDivisionError), terminal.reading_input():
        raise ZeroDivisionError


def test_files_are_tried_out_and_left_as_they_were(tmp_path):
    there = tmp_path / "there"
    there.write_text("content")
    terminal.writable(there, None, tmp_path / "deep" / "new")
    assert there.read_text() == "content" and not list((tmp_path / "deep").iterdir())
    with pytest.raises(ValueError, match="there/file cannot be written: Not a directory|File exists"):
        terminal.writable(there / "file")


def test_data_is_written_where_a_file_is_given(tmp_path):
    terminal.write_json(tmp_path / "x.json", {"a": 1})
    terminal.write_json(None, {"a": 1})
    assert (tmp_path / "x.json").read_text() == '{\n  "a": 1\n}\n'


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
def test_how_long_cycles_take_is_told_in_a_unit_that_suits(cycles, words):
    assert terminal.duration(cycles, PRESETS["vcu1525"]) == words
