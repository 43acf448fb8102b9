"""Which operand stays, and the blocks: their loops, and mappings that do not fit."""

import pytest

from rtl.sat.config import PRESETS as SAT
from rtl.sigma.config import PRESETS
from tlm import Gemm, Mapping
from tlm.sigma.mapping import STATIONARY, SigmaMapping, check_stationary, mapping_of

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


def test_an_operands_name_stands_for_the_largest_blocks_of_the_configuration():
    for name in STATIONARY:
        largest = SigmaMapping(name, SMALL.rows, SMALL.columns, "rows")
        assert mapping_of(SMALL, name) == mapping_of(SMALL, largest) == largest


@pytest.mark.parametrize(
    "mapping, complaint",
    [
        (SigmaMapping("os", 1, 1), "the stationary operand must be one of mk, kn, not 'os'"),
        (SigmaMapping("mk", 1, 1, "k"), "order must be one of rows, columns, not 'k'"),
        (SigmaMapping("mk", 0, 1), r"rows of a block must be from 1 to 8 \(small\), not 0"),
        (SigmaMapping("kn", 9, 1), r"rows of a block must be from 1 to 8 \(small\), not 9"),
        (SigmaMapping("kn", 8, 65), r"columns of a block must be from 1 to 64 \(small\), not 65"),
        ("nk", "the stationary operand must be one of mk, kn, not 'nk'"),
        (
            Mapping("os", 1, 1, 4),
            "a mapping on this accelerator must be a SigmaMapping or an operand's name, not Mapp.*",
        ),
        ([], r"a mapping on this accelerator must be a SigmaMapping or an operand's name, not \[\]"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_with_rule_and_value(mapping, complaint):
    with pytest.raises(ValueError, match=f"^{complaint}$"):
        mapping_of(SMALL, mapping)


def test_the_name_of_no_operand_and_another_accelerators_configuration_are_refused():
    with pytest.raises(ValueError, match="^the stationary operand must be one of mk, kn, not 'nk'$"):
        check_stationary("nk")
    with pytest.raises(ValueError, match="^a program of SIGMA must be for a SigmaConfig, not for a SatConfig$"):
        mapping_of(SAT["small"], "mk")
