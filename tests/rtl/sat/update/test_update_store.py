"""update_store: what a tile gives leaves section by section, while the sections are played by the test."""

from dataclasses import dataclass, field

import pytest

from rtl.sat import layouts, timing
from rtl.sat.config import SatConfig
from rtl.sat.update.update_store import update_store
from tests.support import script, update
from tests.support.stream_suite import Record, Sent, StreamSuite
from tests.support.streams import Referee, Sink

# columns -> words that a row needs: many of one column, one of nine with a rest, less than one of 40
CONFIGS = {
    f"{columns}-columns-m{m}": SatConfig(rows=1, columns=columns, largest_m=m, chunk=chunk)
    for columns, m, chunk in [(1, 16, 16), (2, 4, 16), (3, 8, 48), (9, 16, 80), (40, 4, 16)]
}
every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
STORED = [
    dict(masters=a, half=b, forward=c, backward=d)
    for a in (0, 1)
    for b in (0, 1)
    for c in (0, 1)
    for d in (0, 1)
    if a or b or c or d
]
SECTIONS = ("masters", "halves", "forward", "backward")


def device(build, config):
    return build(update_store, config=config)


@dataclass
class Stored:
    """A finished tile: its command, and rows of any bits."""

    command: dict
    rows: dict

    @classmethod
    def random(cls, rng, config, stored, most=4):
        n, m = rng.choice(update.patterns(config.largest_m))
        whole = config.update_vectors // m
        groups = rng.randrange(1, min(most, whole) + 1) if most else whole
        bits = dict(masters=64 * config.largest_m, halves=16 * config.largest_m)
        copy = 4 * config.largest_m * layouts.weight(config).width
        counts = dict(masters=groups * m, halves=groups * m, forward=groups, backward=groups)
        rows = {name: [rng.getrandbits(bits.get(name, copy)) for _ in range(count)] for name, count in counts.items()}
        return cls(dict(stored, vectors=groups * m, momentum=stored["masters"], n=n, m=m), rows)


@dataclass
class Sections:
    """Finishes tiles at given cycles, at most two ahead of those that have left, and answers fetches."""

    dut: object
    config: SatConfig
    tiles: list[Stored]
    at: list[int]
    finished: int = 0
    record: Record = field(default_factory=Record)
    fetches: list = field(default_factory=list)  # (section, place) of each

    def __call__(self, now):
        ports, read = self.dut.ports, self.dut.read
        if read(ports["stored"]):
            self.record.stored.append(now)
        number = len(self.record.stored)
        asked = [name for name in SECTIONS if read(ports[f"{name}_take"])]
        assert len(asked) <= 1
        if asked:
            at = layouts.section_address(self.config).unpack(read(ports["address"]))
            assert at["bank"] == number % 2 and number < self.finished
            ports[f"{asked[0]}_row"].next = self.tiles[number].rows[asked[0]][at["row"]]
            self.record.fetch(now)
            self.fetches.append((asked[0], at["row"]))
        if number < len(self.tiles):
            ports["command"].next = script.packed(layouts.update(self.config), **self.tiles[number].command)
        finishes = self.finished < len(self.tiles) and now >= self.at[self.finished] and self.finished < number + 2
        ports["finished"].next = finishes
        self.finished += finishes


def run(build, config, tiles, at, stall="none", shy=False):
    dut = device(build, config)
    results = dut.arguments["results"]
    sections, sink = Sections(dut, config, tiles, at), Sink(dut, results, stall, shy)
    count = sum(len(update.cut(config, tile.command, tile.rows)) for tile in tiles)
    dut.run(
        sections,
        sink,
        Referee(results),
        until=lambda: len(sections.record.stored) == len(tiles),
        limit=4 * count + 10 * len(tiles) + max(at),
    )
    return sections, sink


def answers(config, tiles):
    """The words of each tile."""
    return [update.cut(config, tile.command, tile.rows) for tile in tiles]


def together(lists):
    return [word for words_of_one in lists for word in words_of_one]


class TestStream(StreamSuite):
    CONFIGS, SETUP = CONFIGS, timing.STORE_SETUP

    def send(self, build, rng, config, at, stall="none", shy=False):
        tiles = [Stored.random(rng, config, stored, 2) for stored in rng.sample(STORED, len(at))]
        sections, sink = run(build, config, tiles, at, stall, shy)
        return Sent(answers(config, tiles), sink, sections.record)


@every_config
def test_every_choice_of_sections_leaves_row_by_row_in_as_many_words_as_it_needs(build, rng, config):
    tiles = [Stored.random(rng, config, stored, 2) for stored in rng.sample(STORED, len(STORED))]
    _sections, sink = run(build, config, tiles, [0] * len(tiles))
    want = answers(config, tiles)
    assert sink.words == together(want)
    assert len(tiles) == 15 and all(len(words_of_one) > 0 for words_of_one in want)


@every_config
@pytest.mark.parametrize("n, m", [(1, 4), (2, 4), (4, 8), (1, 16)])
def test_a_copy_needs_as_many_words_as_n_places_fill(build, rng, config, n, m):
    if m > config.largest_m:
        n, m = 2, 4
    tile = Stored.random(rng, config, STORED[-1], 1)
    tile.command.update(n=n, m=m, vectors=m)
    tile.rows.update(
        masters=[rng.getrandbits(64 * config.largest_m) for _ in range(m)],
        halves=[rng.getrandbits(16 * config.largest_m) for _ in range(m)],
    )
    _, sink = run(build, config, [tile], [0])
    width, entry = 32 * config.columns, layouts.weight(config).width
    lanes = config.largest_m
    pieces = [-(-bits // width) for bits in (64 * lanes, 16 * lanes, n * lanes * entry)]
    assert len(sink.words) == m * pieces[0] + m * pieces[1] + 2 * pieces[2]
    assert sink.words == update.cut(config, tile.command, tile.rows)


@every_config
def test_a_full_tile_reads_every_row_of_its_banks(build, rng, config):
    tiles = [Stored.random(rng, config, dict(masters=1, half=1, forward=1, backward=1), 0) for _ in range(3)]
    sections, sink = run(build, config, tiles, [0] * 3)
    assert sink.words == together(answers(config, tiles))
    assert sections.fetches == [
        (name, place) for tile in tiles for name, rows in tile.rows.items() for place in range(len(rows))
    ]


@every_config
def test_a_tile_is_fetched_in_the_cycle_after_it_is_finished(build, rng, config):
    sections, _ = run(build, config, [Stored.random(rng, config, STORED[-1], 1)], [5])
    assert sections.record.fetched == {0: 5 + 2}  # the test raises `finished` a cycle later, and counts in the next
