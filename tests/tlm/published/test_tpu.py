"""The plain systolic array: the published counts, arrays that are not square, and which operand stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.properties import few
from tlm.published.sigma import GEMMS
from tlm.published.tpu import SystolicCycles, systolic_cycles

SIZES = st.integers(1, 3000)
ARRAYS = st.sampled_from([1, 4, 32, 128])


def test_the_six_published_counts_to_the_cycle():
    published = [gemm for gemm in GEMMS if gemm.tpu]
    assert len(published) == 6
    for gemm in published:
        assert systolic_cycles(m=gemm.m, n=gemm.n, k=gemm.k).cycles == gemm.tpu, gemm.name


@pytest.mark.parametrize(
    "sizes, array, expected",
    [
        (dict(m=1, n=1, k=1), (128, 128), (130, "b")),  # 1 to fill, 1 streamed, 128 to drain
        (dict(m=10, n=3, k=4), (4, 8), (22, "b")),  # 4 + 10 + 8, against 2 tiles of 4 + 3 + 8 with a
        (dict(m=3, n=10, k=4), (4, 8), (22, "a")),
        (dict(m=10, n=3, k=4), (8, 4), (18, "b")),  # k leaves rows empty and fills in 4: 4 + 10 + 4
        (dict(m=100, n=9, k=5), (4, 8), (2 * 2 * 112, "b")),  # against 2 * 13 * 21 = 546
        (dict(m=256, n=256, k=2048), (128, 128), (16384, "b")),  # the same with either
        (dict(m=31999, n=1024, k=84), (128, 128), (8 * 32211, "b")),
    ],
)  # against 250 * 1236 = 309,000
def test_counts_by_hand(sizes, array, expected):
    rows, columns = array
    assert systolic_cycles(**sizes, rows=rows, columns=columns) == SystolicCycles(*expected)


@few(200)
@given(SIZES, SIZES, SIZES, ARRAYS, ARRAYS)
def test_bounds_monotony_and_symmetry(m, n, k, rows, columns):
    array = dict(rows=rows, columns=columns)
    found = systolic_cycles(m=m, n=n, k=k, **array)
    assert found.cycles * rows * columns > m * n * k  # an element does at most one multiply-add a cycle
    assert systolic_cycles(m=m, n=n + 1, k=k, **array).cycles >= found.cycles
    assert systolic_cycles(m=m, n=n, k=k + 1, **array).cycles >= found.cycles
    turned = systolic_cycles(m=n, n=m, k=k, **array)  # the transposed product
    assert turned.cycles == found.cycles
    assert {turned.stationary, found.stationary} in ({"a", "b"}, {"b"})


@pytest.mark.parametrize("name", ["m", "n", "k", "rows", "columns"])
@pytest.mark.parametrize("size", [0, -1])
def test_a_size_below_one_is_refused_by_name(name, size):
    with pytest.raises(ValueError, match=f"^{name} must be at least 1, not {size}$"):
        systolic_cycles(**dict(m=2, n=2, k=2) | {name: size})
