"""line_placer: each operand line of a tile to its record or its place among the streamed words."""

from typing import NamedTuple

import pytest

from rtl.sigma import layouts, timing
from rtl.sigma.config import SigmaConfig
from rtl.sigma.control.line_placer import line_placer
from tests.support.streams import STALLS, Referee, Source

CONFIGS = {
    "2x8": SigmaConfig(engines=2, lanes=8, results=4, rows=8, columns=8),  # 3 lines a Flex-DPE, and 1
    "3x4": SigmaConfig(engines=3, lanes=4, results=2, rows=40, columns=9),  # 2 lines a Flex-DPE, and 3
    "1x2": SigmaConfig(engines=1, lanes=2, results=2, rows=1, columns=16),
    "40x2": SigmaConfig(engines=40, lanes=2, results=2, rows=9, columns=8),
}  # more than an integer has bits
every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
TILES = 12
STROBES = dict(records_engines="", records_gather="gather", stream_write="stream")


class Tile(NamedTuple):
    """A tile's command and lines, and the banks that they go to."""

    engines: int
    columns: int
    loads_stream: int
    bank: int
    stream: int
    lines: list[int]


def pieces(config):
    return [layouts.pieces(record(config), config) for record in (layouts.engine_record, layouts.gather_record)]


def random_tiles(rng, config):
    """The largest and the smallest ones, and others."""
    tiles, (of_engine, of_gather) = [], pieces(config)
    for number in range(TILES):
        engines = [config.engines, 0, *[rng.randrange(config.engines + 1) for _ in range(TILES)]][number]
        columns = [config.columns, 1, *[rng.randrange(1, config.columns + 1) for _ in range(TILES)]][number]
        loads_stream = [1, 0, 1, *[rng.getrandbits(1) for _ in range(TILES)]][number]
        count = engines * of_engine + of_gather + columns * loads_stream
        lines = [rng.getrandbits(layouts.line_bits(config)) for _ in range(count)]
        tiles.append(Tile(engines, columns, loads_stream, rng.getrandbits(1), rng.getrandbits(1), lines))
    return tiles


def expected_writes(config, tile):
    """(what is written, where, line) of each line."""
    of_engine, of_gather = pieces(config)
    place, address = layouts.place(config), layouts.stream_address(config)
    pieces_of = [(1 << engine, piece) for engine in range(tile.engines) for piece in range(of_engine)]
    pieces_of += [("gather", piece) for piece in range(of_gather)]
    places = [(name, place.pack(bank=tile.bank, piece=piece)) for name, piece in pieces_of]
    columns = range(tile.columns * tile.loads_stream)
    places += [("stream", address.pack(bank=tile.stream, column=column)) for column in columns]
    return [(*place, line) for place, line in zip(places, tile.lines, strict=True)]


class Bench:
    """Gives a command as soon as the tile before is complete, or `pause` cycles later; notes all writes."""

    def __init__(self, build, config, tiles, stall, pause):
        self.dut = build(line_placer, config=config)
        self.config, self.tiles, self.pause = config, tiles, pause
        self.writes, self.write_cycles, self.accepted, self.completed = [], [], [], []
        operands = self.dut.arguments["operands"]
        self.source = Source(self.dut, operands, [line for tile in tiles for line in tile.lines], stall)
        self.dut.run(
            self.source,
            self,
            Referee(operands),
            limit=4000,
            until=lambda: len(self.writes) == sum(len(tile.lines) for tile in tiles),
        )

    def __call__(self, now):
        ports, read = self.dut.ports, self.dut.read
        if read(ports["load_complete"]):
            self.completed.append(now)
        # All of them, so that a write too many would show; before the first line they are unknown.
        for kind, name in STROBES.items() if self.source.cycles else ():
            if strobe := read(ports[kind]):
                where = "stream_address" if name == "stream" else "records_place"
                self.writes.append((name or strobe, read(ports[where]), read(ports["records_line"])))
                self.write_cycles.append(now)
        # Decided before the edge at which `complete` is seen, so a new command comes in the cycle after.
        number = len(self.accepted)
        gives = (
            number < len(self.tiles)
            and number == len(self.completed)
            and (not number or now >= self.completed[-1] + self.pause)
        )
        ports["load_accepted"].next = gives
        if gives:
            tile = self.tiles[number]
            for name in ("engines", "columns", "loads_stream"):
                ports[f"load_{name}"].next = getattr(tile, name)
            self.accepted.append(now + 1)
        elif self.accepted and now == self.accepted[-1]:  # the banks hold until the tile is complete
            tile = self.tiles[number - 1]
            ports["load_bank"].next, ports["load_stream"].next = tile.bank, tile.stream
            for name in ("engines", "columns", "loads_stream"):
                ports[f"load_{name}"].next = 0


@every_config
@pytest.mark.parametrize("stall", STALLS)
@pytest.mark.parametrize("pause", [0, 3])
def test_every_line_goes_to_its_place_and_nowhere_else(build, rng, config, stall, pause):
    tiles = random_tiles(rng, config)
    bench = Bench(build, config, tiles, stall, pause)
    assert bench.writes == [write for tile in tiles for write in expected_writes(config, tile)]
    assert len(bench.writes) > 30
    assert len({write[0] for write in bench.writes}) == config.engines + 2


@every_config
@pytest.mark.parametrize("stall", STALLS)
def test_a_line_is_written_a_cycle_after_it_has_moved_and_the_tile_is_complete_with_its_last_one(
    build, rng, config, stall
):
    tiles = random_tiles(rng, config)
    bench = Bench(build, config, tiles, stall, 0)
    assert bench.write_cycles == [cycle + 1 for cycle in bench.source.cycles]
    ends = [sum(len(tile.lines) for tile in tiles[: number + 1]) - 1 for number in range(TILES)]
    assert bench.completed == [bench.source.cycles[end] for end in ends]


@every_config
def test_lines_move_one_a_cycle_from_the_cycle_after_the_command(build, rng, config):
    tiles = random_tiles(rng, config)
    bench = Bench(build, config, tiles, "none", 0)
    moved = iter(bench.source.cycles)
    for tile, accepted in zip(tiles, bench.accepted, strict=True):
        first = accepted + timing.LOAD_SETUP
        assert [next(moved) for _ in tile.lines] == list(range(first, first + len(tile.lines)))
