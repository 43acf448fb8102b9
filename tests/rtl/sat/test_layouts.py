"""The packed words: every value that the configuration can need fits its field, and none is wasted."""

import itertools

import pytest

from rtl.sat import layouts
from rtl.sat.config import BEAT, PRESETS, SatConfig

CONFIGS = [
    *PRESETS.values(),
    SatConfig(rows=1, columns=2, interleave=5, largest_m=4, chunk=16),
    SatConfig(rows=7, columns=3, interleave=16, largest_m=8, chunk=4096),
    SatConfig(rows=9, columns=1, interleave=1, chunk=16),
]
every_config = pytest.mark.parametrize("config", CONFIGS, ids=lambda config: f"{config.rows}x{config.columns}")


def fits(layout, name, largest):
    """Whether `largest` fits a field, and would not fit one bit less."""
    return layout.bits(name) == max(1, int(largest).bit_length())


@every_config
def test_a_command_holds_every_count_that_a_tile_can_have(config):
    command = layouts.command(config)
    assert fits(command, "west_lines", config.chunk // BEAT)
    assert fits(command, "north_lines", config.chunk)
    assert fits(command, "groups", max(config.rows, config.chunk // BEAT))  # of activations, or of weights that stay
    assert fits(command, "rows", max(config.rows, config.chunk // BEAT))  # of the result, in either dataflow
    assert fits(command, "slots", config.interleave)
    assert all(fits(command, name, 4) for name in ("kept_per_group", "kept_in_last_group", "beats"))
    assert all(fits(command, name, 1) for name in ("sparse", "first", "last", "half", "weights"))


@every_config
def test_a_step_names_every_accumulator_and_every_weight_of_an_element(config):
    step = layouts.step(config)
    assert fits(step, "place", config.turn - 1) and layouts.place_bits(config) == step.bits("place")
    assert all(fits(step, name, 1) for name in ("valid", "fresh", "above", "below", "set", "bank", "load"))
    assert fits(step, "value", layouts.KEPT - 1)
    assert 2 ** layouts.slot(config).width >= 2 * config.turn
    assert 2 ** layouts.address_bits(config) >= 2 * layouts.KEPT * config.turn


@every_config
def test_what_goes_down_names_every_activation_of_a_group_and_every_row(config):
    down = layouts.weight_packet(config)
    assert fits(down, "index", config.largest_m - 1)
    assert down.bits("pruned") == config.largest_m
    assert fits(down, "distance", config.rows - 1)
    assert (down.bits("weight"), down.bits("address")) == (16, layouts.address_bits(config))


@every_config
def test_the_controls_address_both_banks(config):
    assert fits(layouts.west_control(config), "address", 2 * config.chunk // BEAT - 1)
    assert fits(layouts.north_control(config), "line", 2 * config.chunk - 1)
    assert layouts.west_control(config).bits("step") == layouts.step(config).width


@every_config
def test_a_memory_of_sums_has_a_word_for_each_of_the_largest_tile(config):
    assert (
        2 ** layouts.sum_bits(config) >= config.chunk // BEAT * config.interleave > 2 ** layouts.sum_bits(config) // 2
    )


@every_config
def test_the_pace_goes_around_in_the_longest_group(config):
    assert fits(layouts.skew_control(config), "place", layouts.KEPT * config.turn - 1)


def neighbours(layout, names):
    """Whether fields stand side by side, from the low bits up."""
    return all(layout[low][0] == layout[high][1] for low, high in itertools.pairwise(names))


@every_config
def test_fields_that_are_handed_on_as_one_stretch_of_bits_stand_alike(config):
    """north_lane hands four fields on, an element's memory keeps three; two make a sum's number, three an address."""
    down, control, step = layouts.weight_packet(config), layouts.north_control(config), layouts.step(config)
    where = ["address", "write", "everyone", "distance"]
    assert neighbours(control, where) and neighbours(down, ["weight", "index", "pruned", *where])
    assert [control.bits(name) for name in where] == [down.bits(name) for name in where]
    assert control["distance"][0] == control.width and down["distance"][0] == down.width
    assert neighbours(step, ["set", "place", "value", "bank"]) and step["valid"][1] == 0
    assert step["place"][0] - step["set"][1] == layouts.slot(config).width
    assert step["bank"][0] - step["place"][1] == layouts.address_bits(config)
    assert max(step[name][0] for name in ("valid", "fresh", "above", "below", "set")) <= step["place"][1]


@every_config
def test_an_operand_line_holds_a_beat_of_each_row_or_a_weight_of_each_output(config):
    assert layouts.line_bits(config) >= config.rows * BEAT * 16
    assert layouts.line_bits(config) >= config.tile_columns * (16 + layouts.index_bits(config))
    assert layouts.weight(config).width == 16 + layouts.index_bits(config)
    assert layouts.group(config).width == 17 * config.largest_m


def test_a_line_of_the_board_is_256_bytes_of_activations_at_most_twice_as_many_of_weights():
    config = PRESETS["vcu1525"]
    assert config.rows * BEAT * 2 == 256
    assert layouts.line_bits(config) == 32 * 4 * 20


def test_a_survivor_is_one_of_eight_elements_and_of_four_ranks():
    survivor = layouts.sore_candidate()
    assert fits(survivor, "index", 8 - 1)
    assert fits(survivor, "rank", 4 - 1)
    assert survivor.bits("unbeaten") == 1
    assert survivor["value"] == (16, 0)
