"""SIGMA's configuration: its rules, each with its value, and its presets."""

import json

import pytest
from pydantic import ValidationError

from rtl.config import load_config
from rtl.sat.config import PRESETS as SAT
from rtl.sigma.config import PRESETS, SigmaConfig

GOOD = dict(engines=2, lanes=8, results=4, rows=8)


@pytest.mark.parametrize(
    "change, complaint",
    [
        (dict(engines=0), "engines"),
        (dict(engines=129), "engines"),
        (dict(engines=True), "engines"),
        (dict(lanes=1), "lanes"),
        (dict(lanes=12), "lanes"),
        (dict(lanes=256), "lanes"),
        (dict(lanes="8"), "lanes"),
        (dict(lanes=8.0), "lanes"),
        (dict(results=1), "results"),
        (dict(results=9), "results must be at most lanes = 8, not 9"),
        (dict(rows=0), "rows"),
        (dict(rows=4097), "rows"),
        (dict(columns=7), "columns"),
        (dict(columns=4097), "columns"),
        (dict(operands="fp32"), "operands"),
        (dict(clock_mhz=0), "clock_mhz"),
        (dict(chunk=64), "chunk"),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(change, complaint):
    with pytest.raises(ValueError, match=complaint):
        SigmaConfig(**GOOD | change)


def test_a_configuration_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        PRESETS["small"].rows = 5


@pytest.mark.parametrize(
    "name, engines, lanes, levels",
    [("small", 2, 8, 3), ("medium", 4, 16, 4), ("vcu1525", 8, 128, 7), ("paper", 128, 128, 7)],
)
def test_a_preset_has_its_name_and_its_multipliers(name, engines, lanes, levels):
    config = load_config(name, SigmaConfig, PRESETS)
    assert (config.name, config.engines, config.lanes, config.levels) == (name, engines, lanes, levels)
    assert config.elements == engines * lanes
    assert config.turn == 5


@pytest.mark.parametrize("name", ["small", "medium", "vcu1525"])
def test_what_is_called_alike_has_as_many_multipliers_and_the_same_memory_on_both_accelerators(name):
    sat, sigma = SAT[name], PRESETS[name]
    assert sat.elements == sigma.elements
    for field in ("clock_mhz", "buffer_kib", "memory_latency", "read_bytes_per_cycle", "write_bytes_per_cycle"):
        assert getattr(sat, field) == getattr(sigma, field)


def test_the_papers_has_16384_multipliers_at_500_mhz_and_128_words_a_cycle():
    config = PRESETS["paper"]
    assert (config.elements, config.clock_mhz, config.read_bytes_per_cycle) == (16384, 500, 128 * 2)


def test_a_file_is_read_back_as_it_was_written(tmp_path):
    config = SigmaConfig(name="mine", engines=3, lanes=16, results=5, rows=7, columns=9, operands="bf16")
    path = tmp_path / "mine.json"
    path.write_text(config.model_dump_json())
    assert load_config(str(path), SigmaConfig, PRESETS) == config
    path.write_text(json.dumps(GOOD | dict(lane=3)))
    with pytest.raises(ValueError, match=r"lane: .*got 3"):
        load_config(str(path), SigmaConfig, PRESETS)


def test_an_unknown_name_is_refused_with_the_names_there_are_and_another_accelerators_too():
    for wrong in ("smal", SAT["small"]):
        with pytest.raises(ValueError, match="small, medium, vcu1525, paper or a JSON file, not "):
            load_config(wrong, SigmaConfig, PRESETS)


def test_configurations_of_the_same_hardware_are_equal_but_for_memory_and_clock():
    """A field that is added must be decided on: it changes the Verilog, or not."""
    beside = dict(clock_mhz=1.0, buffer_kib=1, memory_latency=1, read_bytes_per_cycle=1.0, write_bytes_per_cycle=1.0)
    inside = dict(name="other", engines=5, lanes=16, results=5, rows=5, columns=9, operands="bf16")
    config = PRESETS["small"]
    assert set(beside) | set(inside) == set(SigmaConfig.model_fields)
    assert config.model_copy(update=beside).hardware == config.hardware
    for name, value in inside.items():
        assert config.model_copy(update={name: value}).hardware != config.hardware
