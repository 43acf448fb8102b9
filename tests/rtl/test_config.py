"""The base of configurations: a preset or a file is loaded, or refused in one line."""

import json

import pytest

from rtl.config import load_config
from rtl.sat.config import PRESETS, SatConfig, SystolicConfig


def test_a_file_is_read_back_as_it_was_written(tmp_path):
    config = SatConfig(name="mine", rows=3, columns=5, interleave=6, largest_m=8, chunk=32)
    path = tmp_path / "mine.json"
    path.write_text(config.model_dump_json())
    assert load_config(str(path), SatConfig, PRESETS) == config


@pytest.mark.parametrize(
    "content, complaint",
    [
        ({"rows": 2, "columns": 2, "rwos": 3}, r"rwos: .*got 3"),
        ({"rows": 2, "columns": "many"}, r"columns: .*got 'many'"),
        ({"rows": True, "columns": 2}, r"rows: .*got True"),
        ({"rows": 2, "columns": "3"}, r"columns: .*got '3'"),
        ({"rows": 2, "columns": 2, "update_lanes": True}, r"update_lanes: .*must be an integer \(got True\)"),
        ({"rows": 2}, r"columns: Field required$"),
        ({"rows": 2, "columns": 2, "chunk": 24}, r"chunk must be a multiple of largest_m = 16, not 24"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line_with_rule_and_value(tmp_path, content, complaint):
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=complaint) as error:
        load_config(str(path), SatConfig, PRESETS)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_an_integer_is_a_rate_too_in_python_and_in_a_file(tmp_path):
    path = tmp_path / "whole.json"
    path.write_text(json.dumps({"rows": 2, "columns": 3, "clock_mhz": 100, "read_bytes_per_cycle": 8}))
    config = load_config(str(path), SatConfig, PRESETS)
    assert config == SatConfig(rows=2, columns=3, clock_mhz=100, read_bytes_per_cycle=8)
    assert isinstance(config.clock_mhz, float) and config.clock_mhz == 100


def test_an_unknown_name_is_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match="small, medium, vcu1525 or a JSON file, not 'smal'"):
        load_config("smal", SatConfig, PRESETS)


def test_a_configuration_of_its_kind_is_passed_on_and_of_another_refused():
    config = PRESETS["small"]
    assert load_config(config, SatConfig, PRESETS) is config
    with pytest.raises(ValueError, match="or a JSON file, not SatConfig"):
        load_config(config, SystolicConfig, {})
