"""The packed words: every value that the configuration can need fits its field, and none is wasted."""
import pytest

from rtl import words
from rtl.config import BEAT, PRESETS, SatConfig

CONFIGS = [*PRESETS.values(), SatConfig(rows=1, columns=2, interleave=5, largest_m=4, chunk=16),
           SatConfig(rows=7, columns=3, interleave=16, largest_m=8, chunk=4096)]
every_config = pytest.mark.parametrize("config", CONFIGS, ids=lambda config: f"{config.rows}x{config.columns}")


def fits(layout, name, largest):
    """Whether `largest` fits a field, and would not fit one bit less."""
    return layout.bits(name) == max(1, int(largest).bit_length())


@every_config
def test_a_command_holds_every_count_that_a_tile_can_have(config):
    command = words.command(config)
    assert fits(command, "west_lines", config.chunk // BEAT)
    assert fits(command, "north_lines", config.chunk)
    assert fits(command, "groups", config.chunk // BEAT)
    assert fits(command, "rows", config.rows)
    assert fits(command, "slots", config.interleave)
    assert all(fits(command, name, 4) for name in ("values", "tail", "beats"))
    assert all(fits(command, name, 1) for name in ("sparse", "first", "last", "half"))


@every_config
def test_a_step_names_every_activation_and_every_accumulator(config):
    step = words.step(config)
    assert fits(step, "index", config.largest_m - 1)
    assert fits(step, "slot", 2 * config.interleave - 1)
    assert step.bits("pruned") == config.largest_m
    assert words.slot_bits(config) == step.bits("slot")


@every_config
def test_the_controls_address_both_banks(config):
    assert fits(words.west_control(config), "address", 2 * config.chunk // BEAT - 1)
    assert fits(words.north_control(config), "address", 2 * config.chunk - 1)


@every_config
def test_the_tag_of_a_step_stands_alike_in_control_and_step(config):
    """north_lane hands slot, first and valid on as one stretch of bits."""
    control, step = words.north_control(config), words.step(config)
    lowest = step["slot"][1]
    assert [control[name] for name in ("slot", "first", "valid")] == \
        [tuple(bit - lowest for bit in step[name]) for name in ("slot", "first", "valid")]
    assert step["valid"][0] == step.width


@every_config
def test_an_operand_line_holds_a_beat_of_each_row_or_a_weight_of_each_output(config):
    assert words.line_bits(config) >= config.rows * BEAT * 16
    assert words.line_bits(config) >= config.tile_columns * (16 + words.index_bits(config))
    assert words.weight(config).width == 16 + words.index_bits(config)
    assert words.group_bits(config) == 17 * config.largest_m


def test_a_line_of_the_board_is_256_bytes_of_activations_at_most_twice_as_many_of_weights():
    config = PRESETS["vcu1525"]
    assert config.rows * BEAT * 2 == 256
    assert words.line_bits(config) == 32 * 4 * 20


def test_a_survivor_is_one_of_eight_elements_and_of_four_ranks():
    survivor = words.survivor()
    assert fits(survivor, "index", 8 - 1)
    assert fits(survivor, "rank", 4 - 1)
    assert survivor.bits("unbeaten") == 1
    assert survivor["value"] == (16, 0)
