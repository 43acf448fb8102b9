"""A picture of where an accelerator is faster than others, and where slower."""

from collections.abc import Sequence
from math import log2
from pathlib import Path

FORMATS = (".png", ".svg")
DARK = 2.5  # |log2| of a gain from which on white letters are easier to read
DPI, LARGEST = 150, 60_000  # of a PNG; and its pixels along a side, of which Matplotlib takes 65,535


def check(file: Path | None) -> None:
    """Raise ValueError for a file of a kind that cannot be drawn."""
    if file and file.suffix.lower() not in FORMATS:
        raise ValueError(f"a heat map is a file {' or '.join(FORMATS)}, not {file}")


def draw(file: Path, cells: Sequence[tuple[str, str, dict[str, float]]]) -> None:
    """Draw panels of one grid.

    cells  (row's name, column's name, {panel's title: how many times as fast})
    """
    from matplotlib.figure import Figure  # half a second, which only pictures need

    rows, columns = (list(dict.fromkeys(cell[part] for cell in cells)) for part in (0, 1))
    titles = list(cells[0][2])
    size = 3 + len(titles) * max(2.6, 0.4 * len(columns)), 1.8 + 0.36 * len(rows)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(1, len(titles), sharey=True, squeeze=False)[0]
    top = max(1.0, *(abs(log2(gain)) for *_, gains in cells for gain in gains.values()))
    for axis, title in zip(axes, titles):
        grid = [[float("nan")] * len(columns) for _ in rows]
        for row, column, gains in cells:
            grid[rows.index(row)][columns.index(column)] = log2(gains[title])
        image = axis.imshow(grid, cmap="RdBu", vmin=-top, vmax=top, aspect="auto")
        axis.set_title(title, fontsize=9)
        axis.set_xticks(range(len(columns)), columns, rotation=60, ha="right", fontsize=8)
        axis.set_yticks(range(len(rows)), rows, fontsize=8)
        for y, line in enumerate(grid):
            for x, value in enumerate(line):
                if value == value:
                    axis.text(
                        x,
                        y,
                        f"{2**value:.2g}",
                        ha="center",
                        va="center",
                        fontsize=7,
                        color="white" if abs(value) > min(DARK, 0.75 * top) else "black",
                    )
    bar = figure.colorbar(image, ax=axes, label="times as fast")
    bar.formatter = lambda value, _: f"{2**value:.3g}"
    bar.update_ticks()
    figure.savefig(file, dpi=min(DPI, LARGEST / max(size)))
