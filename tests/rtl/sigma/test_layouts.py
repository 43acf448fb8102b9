"""SIGMA's packed words: every value that the configuration can need fits its field, and none is wasted."""

import pytest

from rtl.sigma import layouts, timing
from rtl.sigma.config import PRESETS, SigmaConfig
from rtl.sigma.distribution.benes_network import settings_bits

CONFIGS = [
    *PRESETS.values(),
    SigmaConfig(engines=1, lanes=2, results=2, rows=1, columns=8),
    SigmaConfig(engines=3, lanes=4, results=3, rows=5, columns=9, operands="bf16"),
    SigmaConfig(engines=1, lanes=64, results=64, rows=4096, columns=4096),
]
every_config = pytest.mark.parametrize("config", CONFIGS, ids=lambda config: f"{config.engines}x{config.lanes}")


def fits(bits, largest):
    """Whether `largest` fits so many bits, and would not fit one bit less."""
    return bits == max(1, int(largest).bit_length())


@every_config
def test_an_engines_record_has_a_value_a_run_and_a_flag_of_each_lane_and_names_a_slot_for_each_result(config):
    record = layouts.engine_record(config)
    assert record.bits("values") == 16 * config.lanes == layouts.line_bits(config)
    assert record.bits("settings") == settings_bits(config.lanes)
    assert record.bits("runs") == record.bits("active") == config.lanes
    assert fits(record.bits("picks") // config.results, config.lanes - 1) and record.bits("picks") % config.results == 0


@every_config
def test_the_gather_record_names_a_result_for_each_accumulator_and_a_span_between_any_two_engines(config):
    record = layouts.gather_record(config)
    assert fits(layouts.gather_bits(config), config.engines * config.results - 1)
    assert record.bits("picks") == layouts.gather_bits(config) * config.rows
    assert record.bits("used") == config.rows
    assert record.bits("spans") == max(1, config.engines - 1)


@every_config
def test_a_record_is_cut_into_as_few_lines_as_hold_it_and_a_place_names_each_of_both_banks(config):
    records = layouts.engine_record(config), layouts.gather_record(config)
    for record in records:
        count = layouts.pieces(record, config)
        assert (count - 1) * layouts.line_bits(config) < record.width <= count * layouts.line_bits(config)
    most = max(layouts.pieces(record, config) for record in records)
    assert fits(layouts.place(config).bits("piece"), most - 1) and layouts.place(config).bits("bank") == 1


@every_config
def test_a_command_holds_every_count_that_a_tile_can_have(config):
    command = layouts.command(config)
    for name, most in dict(engines=config.engines, columns=config.columns, rows=config.rows).items():
        assert fits(command.bits(name), most)
    assert all(command.bits(name) == 1 for name in ("loads_stream", "first", "last", "half"))


@every_config
def test_a_step_names_every_sum_of_an_accumulator(config):
    step = layouts.step(config)
    assert fits(step.bits("column"), config.columns - 1)
    assert all(step.bits(name) == 1 for name in ("valid", "fresh", "set", "bank"))


@every_config
def test_streamed_words_have_an_address_for_each_column_in_two_banks(config):
    address = layouts.stream_address(config)
    assert fits(address.bits("column"), config.columns - 1) and address.bits("bank") == 1


@every_config
def test_each_part_of_the_datapath_has_a_bit_for_its_bank_and_the_first_is_the_earliest(config):
    lags = timing.banks(config.operands, config.levels)
    assert list(layouts.banks(config).fields) == list(lags) and layouts.banks(config).width == len(lags) == 6
    assert list(lags.values()) == sorted(set(lags.values()))  # no two at once: each finds another step


def test_an_operand_has_a_sign_and_a_magnitude():
    assert layouts.operand().unpack(0x8000) == dict(sign=1, magnitude=0)


@pytest.mark.parametrize("level, bits", [(2, 1), (3, 2), (4, 2), (5, 3), (6, 3)])
def test_a_choice_names_a_level_below_on_each_side(level, bits):
    assert fits(layouts.choice(level).bits("left"), level - 1) and layouts.choice(level).width == 2 * bits


@every_config
def test_the_largest_tile_has_all_records_and_a_line_for_each_column(config):
    engine, gather = (
        layouts.pieces(record(config), config) for record in (layouts.engine_record, layouts.gather_record)
    )
    assert layouts.most_lines(config) == engine * config.engines + gather + config.columns


def test_the_smallest_preset_worked_out_by_hand():
    config = PRESETS["small"]
    assert layouts.line_bits(config) == 128
    # 8 values; 2 bits of each of 8 switches in 6 levels and 1 in the last; runs, active; 4 picks of 3 bits
    assert layouts.engine_record(config).width == 128 + 6 * 16 + 8 + 8 + 8 + 4 * 3
    assert layouts.gather_record(config).width == 8 * 3 + 8 + 1 == 33
    assert layouts.place(config).width == 1 + 2  # three lines of 128 bits, in two banks
    assert layouts.command(config).width == 2 + 7 + 3 + 4 + 1
