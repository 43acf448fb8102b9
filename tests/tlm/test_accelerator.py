"""A row of the table: the configurations that it loads, and the work that it is costed for."""

from dataclasses import replace

import pytest

from rtl.sat.config import PRESETS, SatConfig
from rtl.sparsity import Sparsity
from tests.support.toy import DOT
from tests.support.toy import PRESETS as DOTS
from tlm import Gemm, Update

STEP = [Gemm(8, 16, 8, Sparsity(2, 8)), Update(16, 8, 16), Gemm(8, 16, 8)]
DENSE = [Gemm(8, 16, 8), Gemm(8, 16, 8)]


@pytest.mark.parametrize(
    "change, expected",
    [
        ({}, [STEP[0], STEP[2]]),
        (dict(counts_updates=True), STEP),
        (dict(skips_zeros=False), DENSE),
        (dict(counts_updates=True, skips_zeros=False), [DENSE[0], STEP[1], DENSE[1]]),
    ],
    ids=str,
)
def test_it_is_costed_for_updates_and_for_pruned_weights_or_not(change, expected):
    row = replace(DOT, **change)
    assert row.work_of(iter(STEP)) == expected and row.gemm_of(STEP[0]) == expected[0]


def test_it_loads_a_preset_a_file_and_its_own_configuration(tmp_path):
    (tmp_path / "dot.json").write_text('{"lanes": 3}')
    assert DOT.load("small") is DOTS["small"] is DOT.load(DOTS["small"])
    assert DOT.load(str(tmp_path / "dot.json")).lanes == 3
    for wrong in ("large", PRESETS["small"]):
        with pytest.raises(ValueError, match="^config must be one of small or a JSON file, not "):
            DOT.load(wrong)


def test_where_files_describe_another_accelerators_configuration_its_own_is_derived(tmp_path):
    row = replace(DOT, derived_from=SatConfig, derive=lambda config: type(DOTS["small"])(lanes=config.rows))
    (tmp_path / "sat.json").write_text('{"rows": 5, "columns": 2}')
    assert row.load(str(tmp_path / "sat.json")).lanes == 5 and row.load("small") is DOTS["small"]


def test_a_row_is_equal_to_itself_alone():
    assert len({DOT, replace(DOT), DOT}) == 2
