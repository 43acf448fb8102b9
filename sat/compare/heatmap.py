"""A heat map of where an accelerator is faster than others, and where slower."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan, log2
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # Matplotlib takes half a second, which only pictures need
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

FORMATS = (".png", ".svg")
DARK = 2.5  # |log2| of a gain from which on white letters are easier to read
DPI, LARGEST = 150, 60_000  # of a PNG; and its pixels along a side, of which Matplotlib takes 65,535

Cell = tuple[str, str, dict[str, float]]  # (row's name, column's name, {panel's title: how many times as fast})


def check(file: Path | None) -> None:
    """Raise ValueError for a file of a kind that cannot be drawn."""
    if file and file.suffix.lower() not in FORMATS:
        raise ValueError(f"a heat map is a file {' or '.join(FORMATS)}, not {file}")


def draw(file: Path, cells: Sequence[Cell]) -> None:
    """Draw panels of one grid, side by side."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    rows, columns = (list(dict.fromkeys(names)) for names in zip(*(cell[:2] for cell in cells), strict=True))
    titles = list(cells[0][2])
    size = 3 + len(titles) * max(2.6, 0.4 * len(columns)), 1.8 + 0.36 * len(rows)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(1, len(titles), sharey=True, squeeze=False)[0]
    top = max(1.0, *(abs(log2(gain)) for *_, gains in cells for gain in gains.values()))
    for axis, title in zip(axes, titles, strict=True):
        grid = [[float("nan")] * len(columns) for _ in rows]
        for row, column, gains in cells:
            grid[rows.index(row)][columns.index(column)] = log2(gains[title])
        axis.set_title(title, fontsize=9)
        image = _panel(axis, grid, rows, columns, top)
    times = FuncFormatter(lambda value, _: f"{2**value:.3g}")
    figure.colorbar(image, ax=axes, label="times as fast", format=times)
    figure.savefig(file, dpi=min(DPI, LARGEST / max(size)))


def _panel(
    axis: Axes, grid: Sequence[Sequence[float]], rows: Sequence[str], columns: Sequence[str], top: float
) -> AxesImage:
    """Draw log2 of the gains, with the gains in the cells; colours go from -top to top."""
    image = axis.imshow(grid, cmap="RdBu", vmin=-top, vmax=top, aspect="auto")
    axis.set_xticks(range(len(columns)), columns, rotation=60, ha="right", fontsize=8)
    axis.set_yticks(range(len(rows)), rows, fontsize=8)
    for y, line in enumerate(grid):
        for x, value in enumerate(line):
            if not isnan(value):
                color = "white" if abs(value) > min(DARK, 0.75 * top) else "black"
                axis.text(x, y, f"{2**value:.2g}", ha="center", va="center", fontsize=7, color=color)
    return image
