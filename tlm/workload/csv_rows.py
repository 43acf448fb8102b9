"""The rows of a CSV file that people write by hand, each with its place, and the whole numbers in them.

A row may end with a comma, or with a remark that begins with #; rows with nothing else are left out.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

LONGEST_NUMBER = 20  # digits; int() itself would refuse thousands of them, without naming the place


def csv_rows(file: Path) -> list[tuple[str, list[str]]]:
    """The place ('file, line number') and the fields of each row, without the spaces around them.

    The text is UTF-8, with or without a byte order mark, whatever the machine's locale. Raises ValueError, naming file
    and line, for a file that is no CSV of text; OSError for a file that is not there.
    """
    with file.open(newline="", encoding="utf-8-sig") as text:
        reader = csv.reader(text, strict=True)  # otherwise a quote left open swallows the rest of the file
        try:
            rows = [(f"{file}, line {reader.line_num}", _fields(row)) for row in reader]
        except (UnicodeDecodeError, csv.Error) as error:
            where = f", line {reader.line_num}" if isinstance(error, csv.Error) else ""  # text is decoded in blocks
            raise ValueError(f"{file}{where}: must be a CSV file of text: {error}") from None
    return [(place, fields) for place, fields in rows if fields]


def whole(field: str) -> int | None:
    """The number that a field writes in the digits 0 to 9; None for anything else, and for more than 20 digits."""
    return int(field) if field.isascii() and field.isdecimal() and len(field) <= LONGEST_NUMBER else None


def _fields(row: Sequence[str]) -> list[str]:
    """A row's fields without remark, and without empty ones after its last comma."""
    fields = [field.strip() for field in row]
    remark = next((i for i, field in enumerate(fields) if field.startswith("#")), len(fields))
    fields = fields[:remark]
    while fields and not fields[-1]:
        fields.pop()
    return fields
