"""The overflow flag of a GEMM: up exactly when an infinity or NaN is among the results that leave as FP32."""

from itertools import cycle, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cosim
from cosim.check.checker import Checker
from cosim.engines.functional import Functional
from rtl.sat.config import SatConfig
from tests.cosim.support import HARDWARE, TINY, VALUES, operands
from tests.support.properties import few

WIDE = SatConfig(name="wide", rows=3, columns=3, interleave=5, chunk=16, memory_latency=0)
SPECIAL = [np.inf, -np.inf, np.nan]


def overflow(engine, a, b, sparsity=None, output="fp32", mapping="os") -> bool:
    """What the report says, after bits and cycles were found equal; for FP32 it is what the result holds."""
    checker = Checker(engine)
    result = checker.gemm(a, b, sparsity, output=output, mapping=mapping)
    assert checker.checked[0].equal
    assert result.report.overflow == (output == "fp32" and not np.isfinite(result.c).all())
    return result.report.overflow


@pytest.mark.parametrize("name", HARDWARE)
@pytest.mark.parametrize("mapping", ["os", "ws"])
def test_finite_results_raise_no_flag_and_an_infinite_operand_does(name, mapping):
    """One column of the result on two columns of the array and four slots: the others compute 0 times infinity."""
    engine, (a, b) = cosim.engine(name, TINY), operands(2, 9, 1)
    assert not overflow(engine, a, b, mapping=mapping)
    a[1, 8] = np.inf
    assert overflow(engine, a, b, mapping=mapping)
    assert not overflow(engine, a, b, output="fp16", mapping=mapping)


@pytest.mark.parametrize(
    "shape, mapping, value",
    [
        (shape, mapping, value)
        for (shape, mapping), value in zip(
            product([(1, 4, 1), (3, 5, 7), (4, 20, 15), (2, 33, 16), (7, 16, 31)], ["os", "ws"]),
            cycle(SPECIAL),
            strict=False,
        )
    ],
    ids=str,
)
def test_each_place_of_an_operand_raises_it_whatever_is_left_empty(shape, value, mapping):
    engine, (m, k, n) = cosim.engine("icarus", WIDE), shape
    for of_a, i, j in ((True, m - 1, k - 1), (True, m // 2, k // 2), (False, 0, 0), (False, k - 1, n - 1)):
        a, b = operands(*shape)
        (a if of_a else b)[i, j] = value
        assert overflow(engine, a, b, mapping=mapping)


@pytest.mark.parametrize("mapping", ["os", "ws"])
def test_an_infinity_that_only_pruned_weights_meet_is_a_nan_and_raises_it(mapping):
    a, b = np.ones((1, 8), np.float16), np.array([[8], [7], [1], [1], [1], [1], [1], [1]], np.float16)
    a[0, 5] = np.inf
    assert overflow(cosim.engine("icarus", WIDE), a, b, "2:8", mapping=mapping)


@pytest.mark.parametrize("mapping", ["os", "ws"])
def test_results_beyond_fp16_are_no_overflow(mapping):
    """The largest operands, whose sums FP16 does not hold: FP32 does, and what leaves as FP16 is not looked at."""
    a, b = np.full((2, 40), 65504, np.float16), np.full((40, 5), 65504, np.float16)
    engine = cosim.engine("icarus", TINY)
    assert not overflow(engine, a, b, mapping=mapping)
    assert not overflow(engine, a, b, output="fp16", mapping=mapping)
    assert np.isinf(Functional(TINY).gemm(a, b, output="fp16").c).all()


@pytest.mark.parametrize("block", range(4))
def test_a_flag_raised_by_one_block_stays_up_until_the_end(block):
    """Four blocks of rows: whichever of them has it."""
    engine, (a, b) = cosim.engine("icarus", TINY), operands(8, 20, 3)
    a[2 * block] = np.nan
    assert overflow(engine, a, b)


def test_a_flag_is_down_again_in_the_next_run():
    engine, (a, b) = cosim.engine("icarus", TINY), operands(2, 5, 3)
    for value in (np.inf, 1.0, np.nan, 1.0):
        a[0, 0] = value
        assert overflow(engine, a, b) == (value != 1.0)


@few(4, shrink=False)
@given(data=st.data())
def test_any_shape_and_any_values(data):
    config = SatConfig(
        rows=data.draw(st.integers(1, 4)),
        columns=data.draw(st.integers(1, 5)),
        chunk=16,
        interleave=data.draw(st.sampled_from((1, 3, 4, 6))),
        memory_latency=0,
    )
    engine = cosim.engine("icarus", config)
    for _ in range(4):
        shape = [data.draw(st.integers(1, size)) for size in (9, 40, 25)]
        kinds = [data.draw(st.sampled_from(sorted(VALUES))) for _ in range(2)]
        overflow(
            engine,
            *operands(*shape, data.draw(st.integers(0, 99)), *kinds),
            data.draw(st.sampled_from([None, "2:8"])),
            data.draw(st.sampled_from(["fp32", "fp16"])),
            data.draw(st.sampled_from(["os", "ws"])),
        )
