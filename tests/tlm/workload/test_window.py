"""Windows: sizes of outputs, their reverse, and the elements that each kernel position meets."""

import pytest

from tests.support.windows import WINDOWS
from tlm.workload.window import Window


@pytest.mark.parametrize("window", [window for window in WINDOWS if window.reversible], ids=str)
def test_the_reverse_of_a_window_leads_back_to_the_input_size(window):
    assert window.reverse().output(window.output((9, 10))) == (9, 10)


def test_strided_windows_and_those_padded_beyond_the_kernel_are_not_reversible():
    assert Window((3, 3), padding=(2, 2)).reversible
    assert not Window((3, 3), (2, 1)).reversible and not Window((3, 3), padding=(1, 3)).reversible
