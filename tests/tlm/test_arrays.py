"""Plain arrays, what becomes one, and what does not."""

import numpy as np
import pytest

from tests.support.refused import refused
from tlm.arrays import check_plain, plain


class Louder(np.ndarray):
    """An array with arithmetic of its own."""


def test_a_subclass_is_not_plain_but_has_its_numbers():
    array = np.ones((2, 3))
    refused("x must be an array, not Louder", check_plain, array.view(Louder), "x")
    assert type(plain(array.view(Louder), "x")) is np.ndarray and plain(array, "x") is array


@pytest.mark.parametrize("value", [None, object(), np.ma.ones(3)], ids=lambda value: type(value).__name__)
def test_what_has_no_numbers_is_refused(value):
    refused("x must be an array", plain, value, "x")


def test_a_file_of_numbers_is_an_array(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((8, 16), np.float16))
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    check_plain(mapped, "a")
    assert np.array_equal(plain([[1, 2]], "a"), [[1, 2]]) and plain(mapped, "a").shape == (8, 16)
