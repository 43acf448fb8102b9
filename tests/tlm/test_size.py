"""Sizes that the model takes."""

import numpy as np
import pytest

from tests.support.refused import refused
from tlm.size import LARGEST, check_size


def test_a_size_is_a_whole_number_up_to_the_largest():
    for size in (1, 2, LARGEST):
        check_size("size m", size)
    check_size("padding", 0, least=0)


@pytest.mark.parametrize(
    "size, rule",
    [
        (0, "at least 1, not 0"),
        (LARGEST + 1, "at most 2^27, not 134217729"),
        (1.0, "an int, not 1.0"),
        (True, "an int, not True"),
        (np.int64(1), "an int, not np.int64(1)"),
    ],
    ids=str,
)
def test_another_is_refused_with_its_name_and_place(size, rule):
    refused(f"size m must be {rule} in conv1 ff", check_size, "size m", size, " in conv1 ff")
