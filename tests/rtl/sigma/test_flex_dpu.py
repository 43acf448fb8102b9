"""flex_dpu: Flex-DPEs side by side, rows that span two of them, and a part for each accumulator."""

import numpy as np
import pytest

from rtl.sigma import layouts, timing
from rtl.sigma.config import SigmaConfig
from rtl.sigma.flex_dpu import flex_dpu
from tests.support import floats
from tests.support.script import packed as in_word
from tests.support.script import play
from tests.support.sigma_tiles import Engine, Held, bits_of, cut, numbers_of, patterns_of, random_held, random_operands
from tests.support.update import packed

CONFIGS = {
    name: SigmaConfig(engines=engines, lanes=lanes, results=results, rows=rows, columns=8, operands=operands)
    for name, engines, lanes, results, rows, operands in [
        ("2x4", 2, 4, 2, 5, "fp16"),
        ("1x8", 1, 8, 3, 3, "fp16"),
        ("3x4-bf16", 3, 4, 3, 6, "bf16"),
        ("4x4", 4, 4, 4, 7, "fp16"),
    ]
}
TILES = {"myhdl": 4, "icarus": 40}
COLUMNS = 8  # of a tile
every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


def device(build, config):
    return build(flex_dpu, config=config)


def loading(config, held, bank):
    """Script entries that write all records of a tile into a bank."""
    place, entries = layouts.place(config), []
    records = [
        (dict(records_engines=1 << number), engine.record(config), layouts.engine_record(config))
        for number, engine in enumerate(held.engines)
    ]
    for strobe, record, layout in (
        *records,
        (dict(records_gather=1), held.gather(config), layouts.gather_record(config)),
    ):
        entries += [
            dict(strobe, records_line=line, records_place=place.pack(bank=bank, piece=piece))
            for piece, line in enumerate(cut(record, layout, config))
        ]
    return entries


def check(build, config, tiles):
    """Load tiles (held, streamed) into both banks in turn, stream each, a column a cycle; compare all parts."""
    latency = timing.gathered(config.operands, config.levels) - timing.READ
    entries, expected = [], {}
    for number, (held, streamed) in enumerate(tiles):
        bank = number % 2
        entries += loading(config, held, bank)
        entries += [{} for _ in range(latency + COLUMNS)]
        first = len(entries) - latency - COLUMNS
        for cycle, (words_in, parts) in enumerate(zip(streamed, held.parts(config, streamed), strict=True), first):
            entries[cycle]["streamed"] = packed(words_in, 16)
            expected[cycle + latency] = bits_of(parts)
            for name, after in timing.banks(config.operands, config.levels).items():
                entry = entries[cycle + after - timing.READ]
                entry["banks"] = entry.get("banks", 0) | in_word(layouts.banks(config), **{name: bank})
    got = play(device(build, config), entries, "parts")["parts"]
    assert {cycle: got[cycle] for cycle in expected} == expected
    return [expected[cycle] for cycle in expected]


@every_config
def test_every_accumulator_gets_the_sum_that_its_tile_names_or_plus_zero(build, simulator, rng, config):
    numbers, count = floats.numpy_of(rng), TILES[simulator]
    tiles = [random_held(rng, numbers, config, special=0.02) for _ in range(count)]
    parts = check(
        build, config, [(held, random_operands(numbers, (COLUMNS, config.lanes), config, 0.02)) for held in tiles]
    )
    assert len(parts) == count * COLUMNS and len(set(parts)) > count


def whole_row(config, values, result):
    """A Flex-DPE whose lanes all belong to one row, whose sum is one result."""
    lanes = config.lanes
    return Engine(patterns_of(values, config).tolist(), list(range(lanes)), [0] * lanes, [0] * lanes, {result: 0})


@pytest.mark.parametrize("config", [CONFIGS["2x4"], CONFIGS["4x4"]], ids=["2x4", "4x4"])
def test_a_row_that_spans_two_is_the_sum_of_both_only_where_the_tile_says_so(build, rng, config):
    """Small integers, whose sums are exact, so that NumPy can tell them in any order."""
    numbers = floats.numpy_of(rng)
    values = numbers.integers(-8, 9, (2, config.lanes))
    streamed = patterns_of(numbers.integers(-8, 9, (COLUMNS, config.lanes)), config)
    # The first one's sum is its last result, so that it can be carried on; the second one's is its first.
    first, second = (whole_row(config, values[e], result) for e, result in enumerate((config.results - 1, 0)))
    sums = numbers_of(streamed, config).astype(np.float32) @ values.T.astype(np.float32)
    for spans, expected in ((True, sums.sum(axis=1)), (False, sums[:, 1])):
        held = Held([first, second], [spans], {0: (1, 0), 1: (0, config.results - 1)})
        parts = check(build, config, [(held, streamed)])
        assert [part & (1 << 64) - 1 for part in parts] == [
            bits_of(np.array(pair, np.float32)) for pair in zip(expected, sums[:, 0], strict=True)
        ]
        assert all(part >> 64 == 0 for part in parts)  # the other accumulators get +0


def test_a_tile_that_feeds_nothing_gives_plus_zero_everywhere(build, rng):
    config = CONFIGS["2x4"]
    streamed = random_operands(floats.numpy_of(rng), (COLUMNS, config.lanes), config)
    full = Held([whole_row(config, [1, 2, 3, 4], 0)], [False], dict.fromkeys(range(config.rows), (0, 0)))
    parts = check(build, config, [(full, streamed), (Held([], [], {}), streamed), (full, streamed)])
    assert parts[COLUMNS : 2 * COLUMNS] == [0] * COLUMNS
    assert parts[:COLUMNS] == parts[2 * COLUMNS :] and len(set(parts)) == COLUMNS + 1
