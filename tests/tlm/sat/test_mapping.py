"""Mappings of GEMMs to the array: the largest tiles, the order of blocks, and mappings that are refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtl.sat.config import PRESETS, SatConfig
from rtl.sparsity import Sparsity
from tests.support.properties import few
from tests.support.workloads import choices
from tlm import Gemm, Mapping, schedule
from tlm.sat.mapping import Mappings, largest, mapping_of
from tlm.sigma.mapping import SigmaMapping

SMALL = SatConfig(rows=2, columns=3, interleave=4, largest_m=8, chunk=16)
FLAT = SatConfig(name="flat", rows=8, columns=1, interleave=1, chunk=16)  # more rows than groups in a bank
DENSE, SPARSE = Gemm(5, 40, 13), Gemm(5, 40, 13, Sparsity(2, 8))


@pytest.mark.parametrize(
    "config, gemm, dataflow, rows, columns, depth",
    [
        (SMALL, DENSE, "os", 2, 12, 16),
        (SMALL, SPARSE, "os", 2, 12, 16),
        (SMALL, DENSE, "ws", 4, 12, 8),  # a group of four in each of two rows
        (SMALL, SPARSE, "ws", 2, 12, 16),  # a group of eight in each
        (FLAT, DENSE, "os", 8, 1, 16),
        (FLAT, DENSE, "ws", 4, 1, 16),  # 16 weights fill four rows
        (FLAT, SPARSE, "ws", 2, 1, 64),  # 16 weights fill eight rows
        (FLAT, Gemm(1, 40, 1, Sparsity(4, 16)), "ws", 1, 1, 64),
        (PRESETS["vcu1525"], DENSE, "ws", 256, 128, 128),
        (PRESETS["vcu1525"], SPARSE, "ws", 128, 128, 256),
    ],
)
def test_the_largest_tiles_are_those_worked_out_by_hand(config, gemm, dataflow, rows, columns, depth):
    assert largest(gemm, config, dataflow) == Mapping(dataflow, rows, columns, depth, "rows")
    assert mapping_of(gemm, config, dataflow) == Mapping(dataflow, rows, columns, depth)


def test_a_mappings_blocks_run_in_its_order():
    for order, second in (("rows", (0, 6)), ("columns", (3, 0))):
        assert list(Mapping("ws", 3, 6, 8, order).blocks(DENSE))[:2] == [(0, 0), second]


@pytest.mark.parametrize(
    "mapping, complaint",
    [
        ("is", "dataflow must be one of os, ws, not 'is'"),
        (Mapping("is", 1, 1, 4), "dataflow must be one of os, ws, not 'is'"),
        (Mapping("os", 1, 1, 4, "diagonal"), "order must be one of rows, columns, not 'diagonal'"),
        (Mapping("os", 0, 1, 4), r"rows of a tile must be from 1 to 2 \(os, custom\), not 0"),
        (Mapping("os", 3, 1, 4), r"rows of a tile must be from 1 to 2 \(os, custom\), not 3"),
        (Mapping("ws", 5, 1, 4), r"rows of a tile must be from 1 to 4 \(ws, custom\), not 5"),
        (Mapping("os", 1, 13, 4), r"columns of a tile must be from 1 to 12 \(os, custom\), not 13"),
        (Mapping("os", 1, -1, 4), r"columns of a tile must be from 1 to 12 \(os, custom\), not -1"),
        (Mapping("os", 1, 1, 20), r"depth of a tile must be from 1 to 16 \(os, custom\), not 20"),
        (Mapping("ws", 1, 1, 12), r"depth of a tile must be from 1 to 8 \(ws, custom\), not 12"),
        (Mapping("os", 1, 1, 6), "depth of a tile must be a multiple of the group's 4, not 6"),
        (Mapping("os", 1.0, 1, 4), r"rows of a tile must be from 1 to 2 \(os, custom\), not 1.0"),
        (5, "a mapping on this accelerator must be a Mapping or a dataflow's name, not 5"),
        (SigmaMapping("mk", 1, 1), "a mapping on this accelerator must be a Mapping or a dataflow's name, not SigmaM"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_with_rule_and_value(mapping, complaint):
    with pytest.raises(ValueError, match=complaint):
        schedule(DENSE, SMALL, mapping)


def test_a_mapping_fits_a_gemm_or_not_by_its_groups():
    assert schedule(SPARSE, SMALL, Mapping("ws", 2, 1, 16)).mapping.depth == 16
    with pytest.raises(ValueError, match="depth of a tile must be a multiple of the group's 8, not 12"):
        schedule(SPARSE, SMALL, Mapping("os", 2, 1, 12))
    with pytest.raises(ValueError, match=r"rows of a tile must be from 1 to 2 \(ws, custom\), not 4"):
        schedule(SPARSE, SMALL, Mapping("ws", 4, 1, 8))
    with pytest.raises(ValueError, match="sparsity 2:16 needs M up to largest_m = 8 of configuration custom"):
        schedule(Gemm(1, 1, 1, Sparsity(2, 16)), SMALL, Mapping("ws", 1, 1, 16))


@few(60)
@given(st.data(), st.integers(1, 30), st.integers(1, 60))
def test_blocks_cover_c_once_in_either_order(data, m, n):
    gemm = Gemm(m, 9, n)
    mapping = mapping_of(gemm, SMALL, data.draw(choices(gemm, SMALL)))
    blocks = list(mapping.blocks(gemm))
    seen = [
        (row, column)
        for top, left in blocks
        for row in range(top, min(top + mapping.rows, m))
        for column in range(left, min(left + mapping.columns, n))
    ]
    assert len(seen) == m * n == len(set(seen))
    assert blocks == sorted(blocks, key=lambda corner: corner if mapping.order == "rows" else corner[::-1])


def test_one_of_many_mappings_is_a_mapping():
    many = Mappings("ws", np.array([4, 3]), np.array([12.0, 1.0]), np.array([8, 4]), "columns")
    assert [many[number] for number in range(len(many))] == [
        Mapping("ws", 4, 12, 8, "columns"),
        Mapping("ws", 3, 1, 4, "columns"),
    ]
    assert type(many[0].columns) is int
