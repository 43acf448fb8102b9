"""Commands that are several: the default one, the others by name, their old spelling; and options in panels."""

import inspect
from dataclasses import dataclass
from typing import Annotated, ClassVar

import pytest
import typer

from sat.commands import Panel, commands, flat
from sat.terminal import USAGE_ERROR
from tests.sat.support import EVERY, GROUPS, ROOT, data, options_of, sat

FAST = ("--config", "small", "--batch", 2)


def test_the_first_of_each_is_the_default():
    assert {name: list(group.commands) for name, group in GROUPS.items()} == dict(
        train=["run", "compare"],
        cycles=["step", "paper", "ablate"],
        verify=["steps", "forward", "sample", "gemm"],
        compare=["networks", "paper", "gemms"],
    )


def test_the_bare_command_and_its_name_are_the_default_in_silence(tmp_path):
    for number, words in enumerate((["cycles"], ["cycles", "step"])):
        assert not sat(*words, *FAST, "--json", tmp_path / str(number)).stderr
    assert data(tmp_path / "0") == data(tmp_path / "1")


@pytest.mark.parametrize(
    "old, new",
    [
        (["cycles", *FAST, "--ablate"], ["cycles", "ablate", *FAST]),
        (["cycles", "--paper", *FAST], ["cycles", "paper", *FAST]),
        (["compare", "--gemms", "x.csv", "--config", "small"], ["compare", "gemms", "x.csv", "--config", "small"]),
        (["compare", "--gemms=x.csv", "--config", "small"], ["compare", "gemms", "x.csv", "--config", "small"]),
        (
            ["train", "--steps", 1, "--compare", "dense", "--seeds", 1],
            ["train", "compare", "--steps", 1, "dense", "--seeds", 1],
        ),
    ],
)
def test_an_old_call_does_the_same_and_says_in_one_line_how_it_is_called_now(old, new, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").write_text("layer,M,N,K,density_a,density_b\nq,64,48,32,0.2,1\n")
    flag = next(str(word).partition("=")[0] for word in old if str(word).removeprefix("--").partition("=")[0] == new[1])
    result = sat(*old, "--json", "old")
    told = " ".join(map(str, ["sat", *new, "--json", "old"]))
    assert result.stderr == f"sat: {flag} is now a command of its own: {told}\n"
    assert not sat(*new, "--json", "new").stderr
    assert (tmp_path / "old").read_text() == (tmp_path / "new").read_text()


@pytest.fixture
def toy():
    """A command of two, and what was called."""
    seen = []

    def first(seed: Annotated[int, typer.Option()] = 0, both: Annotated[int, typer.Option()] = 0) -> None:
        """The first."""
        seen.append(("first", seed, both))

    def second(
        m: Annotated[int, typer.Argument()],
        n: Annotated[int, typer.Argument()],
        both: Annotated[int, typer.Option()] = 0,
    ) -> None:
        """The second."""
        seen.append(("second", m, n, both))

    outer = typer.Typer(context_settings={"help_option_names": ["-h", "--help"]})
    outer.add_typer(commands((first, {}), (second, {"key": "meaning"})), name="toy")
    return typer.main.get_command(outer), seen


@pytest.mark.parametrize(
    "words, found",
    [
        ([], ("first", 0, 0)),
        (["--seed", "3"], ("first", 3, 0)),
        (["first", "--seed", "3"], ("first", 3, 0)),
        (["second", "1", "2"], ("second", 1, 2, 0)),
        (["--second", "1", "2", "--both", "5"], ("second", 1, 2, 5)),
        (["--both", "5", "--second", "1", "2"], ("second", 1, 2, 5)),
        (["--second=1", "2"], ("second", 1, 2, 0)),
    ],
)
def test_words_are_read_by_the_command_that_is_meant(words, found, toy):
    command, seen = toy
    command(["toy", *words], standalone_mode=False)
    assert seen == [found]


@pytest.mark.parametrize(
    "words, complaint",
    [
        (
            ["--second", "1", "2", "--seed", "3"],
            "--seed is an option of sat toy first, and no option of sat toy second",
        ),
        (
            ["first", "--second", "3"],
            "--second is a command of its own, sat toy second, and no option of sat toy first",
        ),
        (["--seed", "1", "second", "2"], "second comes before its options: sat toy second ..."),
    ],
)
def test_an_option_of_another_is_refused_with_its_place(words, complaint, toy, capsys):
    command, seen = toy
    assert command(["toy", *words], standalone_mode=False) == 2 and not seen
    assert capsys.readouterr().err.splitlines()[-1] == f"sat: {complaint}"


def test_what_follows_two_hyphens_is_no_old_spelling(toy):
    command, seen = toy
    with pytest.raises(USAGE_ERROR, match="extra argument"):
        command(["toy", "--", "--second", "1", "2"], standalone_mode=False)
    assert not seen


@pytest.mark.parametrize("words", [["-h"], ["--help"], ["--seed", "1", "-h"]])
def test_help_of_the_whole_names_all_and_shows_the_defaults_options(words, toy, capsys):
    command, seen = toy
    command(["toy", *words], standalone_mode=False)
    text = capsys.readouterr().out
    assert "toy [first | second] [OPTIONS]" in text and "--seed" in text and "The second." in text and not seen
    command(["toy", "--second", "--help"], standalone_mode=False)
    text = capsys.readouterr().out
    assert "--seed" not in text and "key: meaning" in text


def test_a_panel_is_made_of_its_options_and_may_be_extended():
    @dataclass(frozen=True)
    class Size(Panel):
        TITLE: ClassVar[str] = "Size"
        rows: Annotated[int, typer.Option(help="How many.")] = 4

    @dataclass(frozen=True)
    class Larger(Size):
        rows: Annotated[int, typer.Option(help="More.")] = 8
        columns: Annotated[int, typer.Option()] = 2

    seen = []

    def made(n: int, size: Larger, seed: int = 7) -> None:
        """What it does,
        in two lines.

        And more."""
        seen.append((n, size, seed))

    command = flat(made)
    assert list(inspect.signature(command).parameters) == ["n", "rows", "columns", "seed"]
    assert command.__doc__ == "What it does, in two lines.\n\nAnd more."
    command(n=1, rows=9, columns=2, seed=3)
    assert seen == [(1, Larger(9, 2), 3)]


@pytest.mark.parametrize("words", [(), *EVERY], ids=" ".join)
def test_help_fits_80_columns_and_names_no_option_that_the_command_lacks(words, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = sat(*words, "--help").output
    assert max(map(len, text.splitlines())) <= 80
    if words:
        own = {word for one in options_of(*words).params for word in one.opts} | {"--help"}
        named = {word.strip("`.,;:()") for word in text.split() if word.startswith("--")}
        assert own - {"--help"} >= {word for word in named if word.startswith("--")} - {"--help"}, named - own


def test_the_commands_have_one_line_each(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = sat("--help").output.splitlines()
    assert [sum(line.startswith(f"│ {name} ") for line in lines) for name in ROOT.commands] == [1] * 7
    first = next(number for number, line in enumerate(lines) if "─ Commands" in line)
    assert lines[first + 8].startswith("╰")
