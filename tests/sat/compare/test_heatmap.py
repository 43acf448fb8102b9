"""Heat maps: the file's kind, what it says, and how large it may become."""

import struct
from pathlib import Path

import pytest

from sat.compare import heatmap

CELLS = [
    ("one", "dense", {"left": 2.0, "right": 0.25}),
    ("one", "2:8", {"left": 1.0, "right": 0.5}),
    ("two & a half", "dense", {"left": 8.0, "right": 16.0}),
]


@pytest.mark.parametrize("name, magic", [("x.png", b"\x89PNG\r\n\x1a\n"), ("x.PNG", b"\x89PNG"), ("x.svg", b"<?xml")])
def test_the_end_of_its_name_says_what_it_is(name, magic, tmp_path):
    heatmap.check(tmp_path / name)
    heatmap.draw(tmp_path / name, CELLS)
    assert (tmp_path / name).read_bytes().startswith(magic)


def test_names_titles_and_every_gain_are_in_it(tmp_path):
    heatmap.draw(tmp_path / "x.svg", CELLS)
    text = (tmp_path / "x.svg").read_text()  # what is drawn as outlines stands in comments
    shown = [line.strip()[5:-4] for line in text.splitlines() if line.strip().startswith("<!-- ")]
    assert {"one", "two &amp; a half", "dense", "2:8", "left", "right", "times as fast"} <= set(shown)
    for gain in ("0.25", "0.5", "1", "2", "8", "16"):
        assert gain in shown
    assert shown.index("left") < shown.index("right") and "nan" not in shown


def test_a_single_cell_and_equal_speeds_are_a_picture_too(tmp_path):
    heatmap.draw(tmp_path / "x.svg", [("one", "", {"left": 1.0})])
    assert "<!-- 1 -->" in (tmp_path / "x.svg").read_text()


def test_a_long_list_makes_no_larger_png_than_can_be_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(heatmap, "LARGEST", 300)
    heatmap.draw(tmp_path / "x.png", [(f"row {i}", "", {"left": 2.0}) for i in range(40)])
    width, height = struct.unpack(">II", (tmp_path / "x.png").read_bytes()[16:24])
    assert width < height and 298 <= height <= 300


@pytest.mark.parametrize("name", ["x.pdf", "x", "png", "x.png.gz"])
def test_other_kinds_are_refused(name):
    with pytest.raises(ValueError, match=f"^a heat map is a file .png or .svg, not {name}$"):
        heatmap.check(Path(name))


def test_none_is_asked_for_none():
    heatmap.check(None)
