"""flex_dpe: a column a cycle, from either bank, while the other one is loaded; against the golden's sums."""

from types import SimpleNamespace

import pytest

from rtl import timing as units
from rtl.sigma import layouts, timing
from rtl.sigma.config import SigmaConfig
from rtl.sigma.flex_dpe import flex_dpe
from tests.support import floats
from tests.support.script import packed as in_word
from tests.support.script import play
from tests.support.sigma_tiles import bits_of, cut, random_engine, random_operands
from tests.support.update import packed

CONFIGS = {
    name: SigmaConfig(engines=1, lanes=lanes, results=results, rows=1, columns=8, operands=operands)
    for name, lanes, results, operands in [
        ("2", 2, 2, "fp16"),
        ("8", 8, 4, "fp16"),
        ("8-bf16", 8, 8, "bf16"),
        ("16", 16, 5, "fp16"),
    ]
}
TILES = {"myhdl": {2: 8, 8: 6, 16: 3}, "icarus": {2: 60, 8: 60, 16: 40}}
COLUMNS = 12  # of a tile
every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


def device(build, config):
    return build(flex_dpe, config=config)


def latencies(config):
    """Cycles from a column to the parts that look for a bank, and to its results, by the units on its way."""
    product = 1 + {"fp16": units.FP16_MUL, "bf16": units.FP32_MUL + 1}[config.operands]
    summed = product + config.levels * units.ACCUMULATE
    return SimpleNamespace(settings=0, values=1, runs=product, picks=summed, results=summed + 1)


class Bench:
    """A script in which records are loaded and columns stream, and what must come when."""

    def __init__(self, config):
        self.config, self.entries, self.expected, self.meant = config, [], {}, {}

    def at(self, cycle):
        self.entries += [{} for _ in range(cycle + 1 - len(self.entries))]
        return self.entries[cycle]

    def load(self, cycle, engine, bank):
        """Write a record into a bank, a piece a cycle; it stands in the cycle that is returned."""
        place = layouts.place(self.config)
        for piece, line in enumerate(cut(engine.record(self.config), layouts.engine_record(self.config), self.config)):
            self.at(cycle + piece).update(line=line, write=1, place=place.pack(bank=bank, piece=piece))
        return cycle + piece + 1

    def stream(self, cycle, engine, bank, streamed):
        """Columns from a cycle on, which find what they need in a bank, when they get there."""
        late, layout = latencies(self.config), layouts.banks(self.config)
        meant = sum(0xFFFFFFFF << 32 * result for result in engine.picks)  # the others may be anything
        for number, (words_in, sums) in enumerate(
            zip(streamed, engine.results(self.config, streamed), strict=True), cycle
        ):
            self.at(number)["streamed"] = packed(words_in, 16)
            for name in ("settings", "values", "runs", "picks"):
                entry = self.at(number + getattr(late, name))
                entry["banks"] = entry.get("banks", 0) | in_word(layout, **{name: bank})
            self.expected[number + late.results], self.meant[number + late.results] = bits_of(sums), meant
        return number + 1

    def check(self, build):
        got = play(device(build, self.config), self.entries, "results")["results"]
        assert {cycle: got[cycle] & self.meant[cycle] for cycle in self.expected} == self.expected
        return got


def engines(rng, config, count, special=0.02):
    numbers = floats.numpy_of(rng)
    found = [random_engine(rng, numbers, config, special) for _ in range(count)]
    return [(engine, random_operands(numbers, (COLUMNS, config.lanes), config, special)) for engine in found]


@every_config
def test_one_bank_is_loaded_while_the_other_works_and_as_soon_as_its_last_column_is_picked(
    build, simulator, rng, config
):
    count, bench, busy_until, streamed_until = TILES[simulator][config.lanes], Bench(config), [0, 0], 0
    loaded = 0
    for number, (engine, streamed) in enumerate(engines(rng, config, count)):
        loaded = bench.load(max(loaded, busy_until[number % 2]), engine, number % 2)
        streamed_until = bench.stream(max(loaded, streamed_until), engine, number % 2, streamed)
        busy_until[number % 2] = streamed_until + latencies(config).picks - 1  # its last column is picked there
    bench.check(build)
    assert len(bench.expected) == count * COLUMNS and len(set(bench.expected.values())) > count


@every_config
def test_each_column_may_find_another_bank_than_the_one_before(build, simulator, rng, config):
    """Each part sees a column's bank when the column gets there; a cycle early or late is another column's."""
    bench, pair = Bench(config), engines(rng, config, 2)
    cycle = bench.load(bench.load(0, pair[0][0], 0), pair[1][0], 1)
    for column in range(COLUMNS):
        for _ in range(2):
            bank = rng.getrandbits(1)
            cycle = bench.stream(cycle, pair[bank][0], bank, pair[bank][1][column : column + 1])
    bench.check(build)
    assert len(bench.expected) == 2 * COLUMNS


def test_results_come_after_the_promised_latency():
    for config in CONFIGS.values():
        assert latencies(config).results + timing.READ == timing.sums(config.operands, config.levels) + timing.PICK
