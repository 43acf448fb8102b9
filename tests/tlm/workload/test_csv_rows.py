"""Rows of a CSV file: what is left out of them, and where they are said to be."""

import pytest

from tlm.workload.csv_rows import csv_rows, whole


def written(tmp_path, data):
    file = tmp_path / "list.csv"
    file.write_bytes(data)
    return file


def test_spaces_remarks_last_commas_and_blank_lines_are_left_out(tmp_path):
    file = written(tmp_path, b' a ,b\t,,\r\n\r\n# a remark, of two parts\n , ,\nc,,d,# why\n"e, f",')
    assert csv_rows(file) == [
        (f"{file}, line 1", ["a", "b"]),
        (f"{file}, line 5", ["c", "", "d"]),
        (f"{file}, line 6", ["e, f"]),
    ]


def test_an_empty_file_has_no_rows(tmp_path):
    assert csv_rows(written(tmp_path, b"")) == []


def test_a_row_of_two_lines_counts_both(tmp_path):
    file = written(tmp_path, b'"a\nb",1\nc,2\n')
    assert csv_rows(file) == [(f"{file}, line 2", ["a\nb", "1"]), (f"{file}, line 3", ["c", "2"])]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_on_any_system(tmp_path, end):
    file = written(tmp_path, f"a,1{end}{end}b,2".encode())
    assert csv_rows(file) == [(f"{file}, line 1", ["a", "1"]), (f"{file}, line 3", ["b", "2"])]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_text_is_utf_8_with_or_without_a_byte_order_mark(tmp_path, mark):
    file = written(tmp_path, mark + "größe,1\n".encode())
    assert csv_rows(file) == [(f"{file}, line 1", ["größe", "1"])]


@pytest.mark.parametrize(
    "data, words",
    [
        (b"\xff\xfe\x00Layer", "list.csv: must be a CSV file of text: .* byte 0xff"),
        (b"a,1\nb,\xe9\n", "list.csv: must be a CSV file of text: .* byte 0xe9"),
        (b'a,1\n"b,2\nc,3\n', "list.csv, line 3: must be a CSV file of text: unexpected end of data"),
        (b'a,1\n"b"c,2\n', "list.csv, line 2: must be a CSV file of text: ',' expected after"),
    ],
)
def test_what_is_no_csv_file_of_text_is_refused_in_one_line(tmp_path, data, words):
    with pytest.raises(ValueError, match=words) as told:
        csv_rows(written(tmp_path, data))
    assert "\n" not in str(told.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        csv_rows(tmp_path / "none.csv")


@pytest.mark.parametrize(
    "field, number",
    [
        ("0", 0),
        ("12", 12),
        ("007", 7),
        ("9" * 20, 10**20 - 1),
        ("9" * 21, None),
        ("1" * 5000, None),
        ("", None),
        ("-1", None),
        ("+1", None),
        ("1.0", None),
        ("1e3", None),
        ("1_000", None),
        (" 1", None),
        ("٣", None),
        ("²", None),
    ],
)
def test_whole_numbers_are_digits_and_nothing_else(field, number):
    assert whole(field) == number
