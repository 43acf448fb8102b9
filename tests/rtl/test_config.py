"""The configuration: its rules, each with its value, and its presets."""

import json

import pytest
from pydantic import ValidationError

from rtl.config import PRESETS, SatConfig, load_config


@pytest.mark.parametrize(
    "change, complaint",
    [
        (dict(rows=0), "rows"),
        (dict(rows=129), "rows"),
        (dict(columns=0), "columns"),
        (dict(columns=129), "columns"),
        (dict(interleave=0), "interleave"),
        (dict(interleave=17), "interleave"),
        (dict(largest_m=5), "largest_m"),
        (dict(largest_m=32), "largest_m"),
        (dict(chunk=15), "chunk"),
        (dict(chunk=4112), "chunk"),
        (dict(chunk=24), "chunk must be a multiple of largest_m = 16, not 24"),
        (dict(clock_mhz=0), "clock_mhz"),
        (dict(clock_mhz=10_001), "clock_mhz"),
        (dict(rows=True), "rows"),
        (dict(rows="3"), "rows"),
        (dict(rows=3.0), "rows"),
        (dict(largest_m=8.0), "largest_m"),
        (dict(update_lanes=True), "update_lanes"),
        (dict(clock_mhz="200"), "clock_mhz"),
        (dict(memory_latency=False), "memory_latency"),
        (dict(name=5), "name"),
        (dict(memory_latency=-1), "memory_latency"),
        (dict(read_bytes_per_cycle=0), "read_bytes_per_cycle"),
        (dict(write_bytes_per_cycle=-2), "write_bytes_per_cycle"),
        (dict(width=4), "width"),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(change, complaint):
    with pytest.raises(ValueError, match=complaint):
        SatConfig(**{"rows": 2, "columns": 2, **change})


def test_a_configuration_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        PRESETS["small"].rows = 5


@pytest.mark.parametrize("name, rows, columns", [("small", 4, 4), ("medium", 8, 8), ("vcu1525", 32, 32)])
def test_a_preset_has_its_name_and_its_array(name, rows, columns):
    config = load_config(name)
    assert (config.name, config.rows, config.columns) == (name, rows, columns)
    assert config.elements == rows * columns
    assert config.tile_columns == columns * config.interleave


@pytest.mark.parametrize("interleave, turn", [(1, 4), (3, 4), (4, 4), (5, 5), (16, 16)])
def test_fewer_outputs_than_the_adder_has_stages_leave_some_of_a_turn_idle(interleave, turn):
    config = SatConfig(rows=2, columns=3, interleave=interleave)
    assert (config.turn, config.tile_columns) == (turn, 3 * interleave)


def test_the_board_moves_no_more_than_its_memory_can():
    config = PRESETS["vcu1525"]
    rate = (config.read_bytes_per_cycle + config.write_bytes_per_cycle) * config.clock_mhz * 1e6
    assert rate <= 77e9


def test_a_file_is_read_back_as_it_was_written(tmp_path):
    config = SatConfig(name="mine", rows=3, columns=5, interleave=6, largest_m=8, chunk=32)
    path = tmp_path / "mine.json"
    path.write_text(config.model_dump_json())
    assert load_config(str(path)) == config


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
        load_config(str(path))
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_an_integer_is_a_rate_too_in_python_and_in_a_file(tmp_path):
    path = tmp_path / "whole.json"
    path.write_text(json.dumps({"rows": 2, "columns": 3, "clock_mhz": 100, "read_bytes_per_cycle": 8}))
    config = load_config(str(path))
    assert config == SatConfig(rows=2, columns=3, clock_mhz=100, read_bytes_per_cycle=8)
    assert isinstance(config.clock_mhz, float) and config.clock_mhz == 100


def test_an_unknown_name_is_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match="small, medium, vcu1525 or a JSON file, not 'smal'"):
        load_config("smal")


def test_configurations_of_the_same_hardware_are_equal_but_for_memory_and_clock():
    """A field that is added must be decided on: it changes the Verilog, or not."""
    beside = dict(clock_mhz=1.0, buffer_kib=1, memory_latency=1, read_bytes_per_cycle=1.0, write_bytes_per_cycle=1.0)
    inside = dict(name="other", rows=5, columns=5, interleave=5, largest_m=8, chunk=128, update_lanes=1)
    config = PRESETS["small"]
    assert set(beside) | set(inside) == set(SatConfig.model_fields)
    assert config.model_copy(update=beside).hardware == config.hardware
    for name, value in inside.items():
        assert config.model_copy(update={name: value}).hardware != config.hardware
