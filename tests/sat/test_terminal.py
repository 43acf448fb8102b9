"""Tables, progress, errors and files of every command."""

import pytest
import typer

from sat import terminal

HOSTILE = "[/x] [red]y[/] :smile:"


def test_text_is_shown_as_it_is_in_lines(capsys):
    terminal.verdict(terminal.console(), HOSTILE, f" is {HOSTILE}")
    assert capsys.readouterr().out.count(HOSTILE) == 2


@pytest.mark.parametrize(
    "columns, tty, width", [("90", True, 90), ("90", False, 90), ("", False, None), ("0", False, None)]
)
def test_lines_are_as_long_as_columns_says_and_as_they_are_in_a_pipe(columns, tty, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr(terminal.sys.stdout, "isatty", lambda: tty, raising=False)
    assert terminal.console().width == (width or terminal.UNBOUNDED)


def test_a_closed_standard_output_is_no_terminal(monkeypatch):
    monkeypatch.setattr(terminal.sys, "stdout", None)
    terminal.verdict(terminal.console(), "equal", "")
    with terminal.progress():
        assert not terminal.is_terminal()


def test_text_is_shown_as_it_is_while_it_works(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    with terminal.progress() as bar:
        bar.add_task(HOSTILE, total=1)
    with terminal.spinner(HOSTILE):
        pass
    assert capsys.readouterr().err.count(HOSTILE) >= 2


def test_what_is_printed_beside_a_progress_bar_goes_to_the_output(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")  # standard error is a terminal, standard output is not
    with terminal.progress() as bar:
        bar.add_task("training", total=1)
        terminal.console().print("epoch 1")
    captured = capsys.readouterr()
    assert "epoch 1" in captured.out and "epoch 1" not in captured.err


def test_every_key_has_its_definition_in_a_help():
    text = terminal.definitions(dict(cycles="clock cycles", macs="multiply-adds"))
    assert text == "Keys of the report:\n\n[bold]cycles[/]: clock cycles\n\n[bold]macs[/]: multiply-adds"


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
