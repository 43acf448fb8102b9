"""The configuration of SAT: its rules, each with its value, and its presets."""

import pytest
from pydantic import ValidationError

from rtl.sat.config import BEAT, PRESETS, SatConfig, SystolicConfig


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
    config = PRESETS[name]
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


def test_configurations_of_the_same_hardware_are_equal_but_for_memory_and_clock():
    """A field that is added must be decided on: it changes the Verilog, or not."""
    beside = dict(clock_mhz=1.0, buffer_kib=1, memory_latency=1, read_bytes_per_cycle=1.0, write_bytes_per_cycle=1.0)
    inside = dict(name="other", rows=5, columns=5, interleave=5, largest_m=8, chunk=128, update_lanes=1)
    config = PRESETS["small"]
    assert set(beside) | set(inside) == set(SatConfig.model_fields)
    assert config.model_copy(update=beside).hardware == config.hardware
    for name, value in inside.items():
        assert config.model_copy(update={name: value}).hardware != config.hardware


def test_a_systolic_array_has_the_size_clock_and_memory_of_its_sat_and_the_shortest_groups():
    config = PRESETS["medium"].model_copy(update=dict(update_lanes=16))
    systolic = SystolicConfig.of(config)
    changed = {name for name, value in config.model_dump().items() if getattr(systolic, name) != value}
    assert changed == {"largest_m", "update_lanes"}
    assert (systolic.largest_m, systolic.update_lanes) == (BEAT, BEAT)
