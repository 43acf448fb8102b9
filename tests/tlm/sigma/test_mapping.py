"""Which operand stays, and the blocks: what is looped over, and what does not fit."""

import pytest

from rtl.sigma.config import PRESETS
from tlm import Gemm
from tlm.sigma.mapping import STATIONARY, SigmaMapping, check_stationary, largest

SMALL = PRESETS["small"]
GEMM = Gemm(5, 30, 9)


def test_the_sides_are_those_of_the_operand_that_stays():
    assert list(STATIONARY) == ["mk", "kn"]
    assert SigmaMapping("mk", 1, 1).sides(GEMM) == (5, 30, 9) and SigmaMapping("kn", 1, 1).sides(GEMM) == (9, 30, 5)


@pytest.mark.parametrize(
    "stationary, order, expected",
    [
        ("mk", "rows", [(0, 0), (0, 6), (3, 0), (3, 6)]),
        ("mk", "columns", [(0, 0), (3, 0), (0, 6), (3, 6)]),
        ("kn", "rows", [(0, 0), (3, 0), (6, 0)]),
        ("kn", "columns", [(0, 0), (3, 0), (6, 0)]),
    ],
)
def test_blocks_in_both_orders(stationary, order, expected):
    assert list(SigmaMapping(stationary, 3, 6, order).blocks(GEMM)) == expected


def test_the_largest_blocks_are_the_configurations():
    for name in STATIONARY:
        assert largest(GEMM, SMALL, name) == SigmaMapping(name, SMALL.rows, SMALL.columns, "rows")
        assert largest(GEMM, SMALL, name).checked(SMALL) == largest(GEMM, SMALL, name)


@pytest.mark.parametrize(
    "mapping, words",
    [
        (SigmaMapping("os", 1, 1), "the stationary operand must be one of mk, kn, not 'os'"),
        (SigmaMapping("mk", 1, 1, "k"), "order must be one of rows, columns, not 'k'"),
        (SigmaMapping("mk", 0, 1), r"rows of a block must be from 1 to 8 \(small\), not 0"),
        (SigmaMapping("kn", 9, 1), r"rows of a block must be from 1 to 8 \(small\), not 9"),
        (SigmaMapping("kn", 8, 65), r"columns of a block must be from 1 to 64 \(small\), not 65"),
    ],
)
def test_what_does_not_fit_is_refused_with_rule_and_value(mapping, words):
    with pytest.raises(ValueError, match=f"^{words}$"):
        mapping.checked(SMALL)


def test_the_name_of_no_operand_is_refused():
    for refuse in (check_stationary, lambda name: largest(GEMM, SMALL, name)):
        with pytest.raises(ValueError, match="^the stationary operand must be one of mk, kn, not 'nk'$"):
            refuse("nk")
