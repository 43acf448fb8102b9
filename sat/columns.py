"""The columns of reports: one list of keys a report, of which as many are shown as the terminal is wide."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from rich.console import Console
from rich.text import Text

EVERY = "all"
NAME_WIDTH = 24  # characters to which a name is shortened before another column is left out

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """A column of a report. Its heading is its key, that of the rows' values in --json where they are there.

    definition  for --help; empty for a part such as 'sat.cycles' of what is defined as a whole
    priority    columns of lower numbers come first into a narrow terminal, those of one number all or none
    form        a value as text
    left        text, at the left; numbers stand at the right
    name        text that may be shortened in the middle
    """

    key: str
    definition: str
    priority: int = 0
    form: Callable[[Any], str | Text] = field(default=str, compare=False)
    left: bool = False
    name: bool = False

    def cell(self, row: Row) -> Text:
        """Its cell of a row, in which a dot leads to a key within; empty where there is no value."""
        value: Any = row
        for part in self.key.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        shown = "" if value is None else self.form(value)
        return shown if isinstance(shown, Text) else Text(shown)

    @property
    def heading(self) -> str:
        """The key, on two lines where it has a dot."""
        return self.key.replace(".", ".\n")


def plain(text: Any) -> str:
    """Text without what a terminal would take for a command."""
    shown = str(text)
    return shown if shown.isprintable() else repr(shown)[1:-1]


def named(key: str, definition: str, priority: int = 0) -> Column:
    """A column of names, which are shown as text whatever is in them."""
    return Column(key, definition, priority, plain, name=True)


def worded(key: str, definition: str, priority: int = 0) -> Column:
    """A column of text."""
    return Column(key, definition, priority, str, left=True)


def sized(key: str, definition: str, priority: int = 0) -> Column:
    """A column of several sizes, such as those of a tile."""
    return Column(key, definition, priority, lambda sizes: "x".join(map(str, sizes)), left=True)


def counted(key: str, definition: str, priority: int = 0) -> Column:
    """A column of whole numbers."""
    return Column(key, definition, priority, "{:,}".format)


def numbered(key: str, definition: str, priority: int = 0) -> Column:
    """A column of numbers with three digits that count."""
    return Column(key, definition, priority, "{:.3g}".format)


def shared(key: str, definition: str, priority: int = 0) -> Column:
    """A column of shares, in per cent."""
    return Column(key, definition, priority, "{:.1%}".format)


def timed(key: str, definition: str, priority: int = 0) -> Column:
    """A column of ratios: how many times."""
    return Column(key, definition, priority, "{:.2f}x".format)


def defined(*tables: Iterable[Column]) -> dict[str, str]:
    """Key -> definition of all that have one."""
    return {column.key: column.definition for table in tables for column in table if column.definition}


def asked_for(text: str | None, *tables: Sequence[Column]) -> tuple[str, ...]:
    """The keys that --columns names: () where it is not given, EVERY as it is. Raises ValueError for one that no table
    has."""
    known = list(dict.fromkeys(column.key for table in tables for column in table))
    if text is None:
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    if EVERY in names and len(names) > 1:
        raise ValueError(f"columns must be {EVERY} alone, or names without it, not {text!r}")
    for name in names:
        if name not in [EVERY, *known]:
            raise ValueError(f"columns must be {EVERY}, or of {', '.join(known)}, not {name!r}")
    return names


@dataclass(frozen=True)
class Grid:
    """The cells of a report's columns, by key, and the widths that they take."""

    columns: Sequence[Column]
    cells: dict[str, list[Text]]

    @classmethod
    def of(cls, columns: Sequence[Column], rows: Sequence[Row]) -> "Grid":
        """That of the columns for which any row has a value."""
        cells = {column.key: [column.cell(row) for row in rows] for column in columns}
        return cls([column for column in columns if any(cells[column.key])], cells)

    def width(self, column: Column, shortest: bool = False) -> int:
        """Characters that a column takes, or that it takes at least where names are shortened."""
        heading = max(map(len, column.heading.split("\n")))
        longest = max(heading, self._longest[column.key])
        return min(longest, max(heading, NAME_WIDTH)) if shortest and column.name else longest

    @cached_property
    def _longest(self) -> dict[str, int]:
        """The width of each column's widest cell."""
        return {key: max(cell.cell_len for cell in cells) for key, cells in self.cells.items()}

    def total(self, columns: Sequence[Column]) -> int:
        """Characters of a line, whose columns have a space between them, where names are shortened."""
        return sum(self.width(column, shortest=True) for column in columns) + len(columns) - 1

    def fitting(self, width: int) -> list[Column]:
        """The columns that fit a width, by their priorities; where not all of the first do, those on their left."""
        found: list[Column] = []
        for priority in sorted({column.priority for column in self.columns}):
            more = [column for column in self.columns if column.priority <= priority]
            if self.total(more) > width:
                while not found and len(more) > 1 and self.total(more) > width:
                    more.pop()
                return found or more
            found = more
        return found


def show(
    to: Console,
    heading: str,
    columns: Sequence[Column],
    rows: Sequence[Row],
    foot: Sequence[Row] = (),
    asked: Sequence[str] = (),
) -> None:
    """Print a table: the columns that are asked for, else as many as fit, and then a line about those that do not.

    foot   rows below the others, such as sums
    asked  keys, or EVERY; those of other tables are passed over, and a table of which none is asked for is not shown
    """
    grid = Grid.of(columns, [*rows, *foot])
    known = {column.key: column for column in grid.columns}
    wanted = list(known) if EVERY in asked else asked
    shown = [known[key] for key in wanted if key in known] if asked else grid.fitting(to.width)
    if empty := [column.key for column in columns if column.key in wanted and column.key not in known]:
        to.print(f"{heading}: no row has a value of {', '.join(empty)}")
    if not shown:
        return
    to.print(Text(heading, "table.title"))
    for line in _lines(grid, shown, len(rows), to.width):  # where it was asked for, wider than the terminal
        to.print(line, no_wrap=True, overflow="ignore", crop=False)
    if left_out := [key for key, column in known.items() if column not in shown and not asked]:
        names = ", ".join(left_out)
        to.print(f"left out: {names}; a wider terminal, --columns (names, or {EVERY}) and --json have them")


def _lines(grid: Grid, shown: Sequence[Column], body: int, width: int) -> Iterator[Text]:
    """The table's headings, a rule, and its rows; a blank line stands before those after the body.

    rich's Table would measure, wrap and style each cell by itself, which takes as long as loading does.
    """
    widths = _widths(grid, shown, width)
    heads = [column.heading.split("\n") for column in shown]
    for above in range(-max(map(len, heads)), 0):
        cells = [Text(head[above] if len(head) >= -above else "") for head in heads]
        yield _line(shown, widths, cells, "table.header")
    whole = sum(widths) + len(widths) - 1
    yield Text("─" * whole)
    for number, row in enumerate(zip(*(grid.cells[column.key] for column in shown), strict=True)):
        if number == body:
            yield Text(" " * whole)
        yield _line(shown, widths, row)


def _widths(grid: Grid, shown: Sequence[Column], width: int) -> list[int]:
    """Characters that each column is given: what names need, as far as there is room."""
    spare, widths = max(0, width - grid.total(shown)), []
    for column in shown:
        longest, least = grid.width(column), grid.width(column, shortest=True)
        widths.append(min(longest, least + spare))
        spare -= widths[-1] - least
    return widths


def _line(shown: Sequence[Column], widths: Sequence[int], cells: Sequence[Text], style: str = "") -> Text:
    """The cells with a space between them, each at the left or right of its column."""
    line, gap = Text(style=style), 0
    for column, cell, width in zip(shown, cells, widths, strict=True):
        text = shortened(cell, width)
        before, after = 0, width - text.cell_len
        if not (column.left or column.name):
            before, after = after, before
        line.append(" " * (gap + before)).append_text(text)
        gap = after + 1
    return line.append(" " * (gap - 1))


def shortened(text: Text, width: int) -> Text:
    """The text, without its middle where it is longer."""
    if text.cell_len <= width:
        return text
    end = (width - 1) // 2
    return text[: width - 1 - end] + Text("…") + text[len(text) - end :]
