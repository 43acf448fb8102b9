"""The name of an N:M pattern."""

import pytest

from rtl.sparsity import Sparsity


@pytest.mark.parametrize("n, m", [(1, 4), (2, 4), (1, 8), (2, 8), (4, 8), (1, 16), (2, 16), (4, 16)])
def test_a_pattern_of_the_hardware_is_its_own_name(n, m):
    assert Sparsity.parse(f"{n}:{m}") == Sparsity(n, m)
    assert str(Sparsity(n, m)) == f"{n}:{m}"


@pytest.mark.parametrize("n, m", [(4, 4), (3, 8), (0, 4), (2, 6), (8, 16), (2, 32), (16, 8)])
def test_a_pattern_that_the_hardware_does_not_know_is_refused(n, m):
    with pytest.raises(ValueError, match=rf"N in \(1, 2, 4\), M in \(4, 8, 16\) and N < M, not {n}:{m}"):
        Sparsity.parse(f"{n}:{m}")


@pytest.mark.parametrize("text", ["", "2", "2:", ":8", "2:8:4", "two:8", "-2:8", "2.0:8", "2/8"])
def test_a_text_of_another_form_is_refused_as_it_stands(text):
    with pytest.raises(ValueError, match="sparsity must look like 2:8 or dense, not") as error:
        Sparsity.parse(text)
    assert repr(text) in str(error.value)


def test_dense_is_no_pattern_and_a_pattern_is_itself():
    assert Sparsity.parse(None) is None
    assert Sparsity.parse("dense") is None
    assert Sparsity.parse(Sparsity(2, 8)) == Sparsity(2, 8)
