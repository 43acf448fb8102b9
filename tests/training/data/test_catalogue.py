"""Every data set by its name."""
import pytest

from training import data


def test_unknown_data_are_refused_with_the_choices():
    with pytest.raises(ValueError, match="data must be one of digits, not 'faces'"):
        data.load("faces", 0)
