"""The search for a data set in a folder, and the errors where it is not there."""

import pytest

from training.data.forms import Form, expected, listed, read

FORMS = (
    Form("binary", ("a.bin", "b.bin"), lambda folder: ("binary", folder)),
    Form("pickled", ("a", "sub/b"), lambda folder: ("pickled", folder)),
)


def make(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.mark.parametrize("below, form", [("", 0), ("binary", 0), ("", 1), ("pickled", 1)])
def test_the_path_is_the_folder_itself_or_the_one_above(tmp_path, below, form):
    make(tmp_path / below, *FORMS[form].files)
    assert read(tmp_path, FORMS) == (FORMS[form].folder, tmp_path / below)


def test_of_two_forms_the_first_that_is_complete_is_read(tmp_path):
    make(tmp_path / "pickled", "a", "sub/b")
    make(tmp_path / "binary", "a.bin")
    assert read(tmp_path, FORMS) == ("pickled", tmp_path / "pickled")
    make(tmp_path / "binary", "b.bin")
    assert read(tmp_path, FORMS) == ("binary", tmp_path / "binary")


def test_what_is_missing_of_an_incomplete_set_is_named_with_its_folder(tmp_path):
    make(tmp_path / "pickled", "a")
    with pytest.raises(ValueError, match=f"^{tmp_path}/pickled: sub/b missing$"):
        read(tmp_path, FORMS)


def test_the_form_that_is_there_for_the_most_part_is_the_one_that_lacks_files(tmp_path):
    forms = (Form("small", ("x",), None), Form("large", tuple("abcdef"), None))
    make(tmp_path / "large", *"abcd")
    with pytest.raises(ValueError, match="large: e, f missing$"):
        read(tmp_path, forms)


@pytest.mark.parametrize("place", ["", "nowhere", "file"])
def test_where_there_is_nothing_all_forms_are_named(tmp_path, place):
    make(tmp_path, "file")
    with pytest.raises(ValueError) as caught:
        read(tmp_path / place, FORMS)
    assert expected(FORMS) == "binary with a.bin, b.bin; or pickled with a, sub/b"
    assert str(caught.value) == f"{tmp_path / place}: must be, or hold, {expected(FORMS)}"


def test_a_long_list_of_names_is_cut():
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdefgh")) == "a, b, c, d, e and 3 more"
