"""Tables that fit their terminal: which columns are shown, what is shortened, and what is said about the rest."""

import pytest
from rich.console import Console

from sat.columns import Column, asked_for, counted, defined, named, numbered, shared, show, sized, timed, worded

COLUMNS = [
    named("layer", "its path"),
    worded("stage", "which", 2),
    counted("macs", "how many", 1),
    counted("cost.cycles", "", 1),
    shared("share", "how much", 3),
]
ROW = dict(layer="one", stage="ff", macs=1_234_567, cost=dict(cycles=89), share=0.125)


def shown(capsys, width, *rows, foot=(), asked=(), columns=COLUMNS):
    console = Console(width=width, highlight=False, markup=False, emoji=False)
    show(console, "A table", columns, rows, foot, asked)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_all_columns_are_shown_where_there_is_room_text_at_the_left_and_numbers_at_the_right(capsys):
    assert shown(capsys, 80, ROW, foot=[dict(layer="total", share=1)]) == [
        "A table",
        "                       cost.",
        "layer stage      macs cycles  share",
        "───────────────────────────────────",
        "one   ff    1,234,567     89  12.5%",
        "",
        "total                        100.0%",
    ]


@pytest.mark.parametrize(
    "width, keys, left_out",
    [
        (34, "layer stage macs cycles share", ""),
        (33, "layer stage macs cycles", "share"),
        (28, "layer stage macs cycles", "share"),
        (27, "layer macs cycles", "stage, share"),
        (22, "layer macs cycles", "stage, share"),
        (21, "layer", "stage, macs, cost.cycles, share"),
        (11, "layer", "stage, macs, cost.cycles, share"),
    ],
)
def test_columns_are_left_out_by_their_priority_and_named(width, keys, left_out, capsys):
    lines = shown(capsys, width, ROW)
    head = next(line for line in lines if line.startswith("layer"))
    text = " ".join(lines)
    assert head.split() == keys.split() and ("left out" in text) == bool(left_out)
    if left_out and width > 20:
        assert f"left out: {left_out}; a wider terminal, --columns (names, or all) and --json have them" in text


@pytest.mark.parametrize(
    "width, keys", [(25, "layer macs more"), (24, "layer macs"), (15, "layer macs"), (14, "layer")]
)
def test_of_the_first_columns_those_on_the_left_are_shown_where_not_all_fit(width, keys, capsys):
    """They take 5, 9 and 9 characters."""
    columns = [named("layer", "its path"), counted("macs", "how many"), counted("more", "how many")]
    lines = shown(capsys, width, ROW | dict(more=1_234_567), columns=columns)
    assert lines[1].split() == keys.split() and ("left out" in " ".join(lines)) == (width < 25)


def test_a_long_name_loses_its_middle_before_a_column_is_left_out_but_not_in_a_wide_terminal(capsys):
    name = "features.stage4.block17.downsample.conv"
    row = ROW | dict(layer=name)
    for width, short in ((53, "features.sta…sample.conv"), (58, "features.stage…ownsample.conv")):
        (line,) = (line for line in shown(capsys, width, row) if "1,234,567" in line)
        assert len(line) == width and line == f"{short} ff    1,234,567     89 12.5%"
    assert any(line.startswith(f"{name} ff") for line in shown(capsys, 80, row))


def test_columns_that_are_asked_for_are_shown_in_that_order_whatever_the_width(capsys):
    row = ROW | dict(layer="a" * 50)
    lines = shown(capsys, 20, row, asked=["cost.cycles", "macs", "layer"])
    assert f"    89 1,234,567 {'a' * 12}…{'a' * 11}" in lines and not any("left out" in line for line in lines)
    assert shown(capsys, 20, ROW, asked=["of another table"]) == []


def test_a_column_that_is_asked_for_and_has_no_value_is_told_and_of_all_those_that_have_one_are_shown(capsys):
    row = dict(layer="one", macs=7)
    assert shown(capsys, 60, row, asked=["share", "macs"])[:3] == [
        "A table: no row has a value of share",
        "A table",
        "macs",
    ]
    assert shown(capsys, 60, row, asked=["share"]) == ["A table: no row has a value of share"]
    assert shown(capsys, 60, row, asked=["all"])[:2] == ["A table", "layer macs"]


def test_a_column_without_any_value_is_none_and_what_is_shown_is_no_markup(capsys):
    lines = shown(capsys, 80, dict(layer="[/x] [red]y[/] :smile:", macs=0))
    assert lines[1:] == ["layer                  macs", "───────────────────────────", "[/x] [red]y[/] :smile:    0"]


def test_kinds_of_columns_show_their_values():
    row = dict(a=1234.5678, b=(8, 16, 4), c=1.5, d="word")
    columns = [numbered("a", ""), sized("b", ""), timed("c", ""), Column("d", "")]
    assert [column.cell(row).plain for column in columns] == ["1.23e+03", "8x16x4", "1.50x", "word"]


def test_keys_are_asked_for_by_name_and_every_one_has_a_definition():
    other = [counted("lines", "of a file")]
    assert asked_for(None, COLUMNS) == () and asked_for(" all", COLUMNS, other) == ("all",)
    assert asked_for("share, lines,share", COLUMNS, other) == ("share", "lines")
    for text in ("", "speed", "layer,", "Layer", "layer stage"):
        with pytest.raises(
            ValueError, match="^columns must be all, or of layer, stage, macs, cost.cycles, share, not '"
        ):
            asked_for(text, COLUMNS)
    with pytest.raises(ValueError, match="^columns must be all alone, or names without it, not 'layer,all'$"):
        asked_for("layer,all", COLUMNS)
    assert defined(COLUMNS, other) == dict(
        layer="its path", stage="which", macs="how many", share="how much", lines="of a file"
    )
