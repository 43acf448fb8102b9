"""update_loader: commands and operand lines in, slices out, however many lines a slice needs."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from rtl.sat import layouts, timing
from rtl.sat.config import SatConfig
from rtl.sat.update.update_loader import update_loader
from tests.support import floats, script, update
from tests.support.streams import STALLS, Referee, Source

TILES = 5
# line bits / 32 -> elements of a line; slices of one line, of exactly two, of many, and with a rest
CONFIGS = {
    "a-line-of-2": SatConfig(rows=1, columns=1, largest_m=16, update_lanes=16, chunk=16),  # 8 lines, or 24
    "a-line-of-2-lane-1": SatConfig(rows=1, columns=1, largest_m=4, update_lanes=1, chunk=16),  # 1 and 2
    "a-line-of-4": SatConfig(rows=2, columns=1, largest_m=8, update_lanes=2, chunk=16),  # 1 and 2, half empty
    "a-line-of-7": SatConfig(rows=1, columns=3, interleave=4, largest_m=8, update_lanes=8, chunk=16),  # 2 and 4
    "a-line-of-16": SatConfig(rows=8, columns=1, largest_m=4, update_lanes=4, chunk=16),
}  # 1 and 1
every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


def device(build, config):
    return build(update_loader, config=config)


def random_tiles(rng, config, count=TILES):
    """Tiles of different lengths, with and without momentum; a line's unused bits are ones."""
    numbers, tiles = floats.numpy_of(rng), []
    for number in range(count):
        vectors = rng.choice([1, 2, 3, config.update_vectors if number == 2 else 4])
        values = [update.any_bits(numbers, (vectors, config.largest_m)) for _ in range(3)]
        n, m = rng.choice(update.patterns(config.largest_m))
        tiles.append(update.Tile(dict(vectors=vectors, momentum=rng.randrange(2), n=n, m=m), *values))
    return tiles


def expected(config, tile):
    """(weights, velocities, gradients) of each slice as words."""
    values = [tile.w, *((tile.v, tile.g) if tile.command["momentum"] else [np.zeros_like(tile.w)] * 2)]
    parts = [x.view(np.uint32).reshape(-1, config.update_lanes) for x in values]
    return [tuple(update.packed(part, 32) for part in one) for one in zip(*parts, strict=True)]


@dataclass
class Lanes:
    """Notes each slice, the cycle in which it came, and the command beside it; `free` says when there is room."""

    dut: object
    free: object = lambda now: True
    slices: list = field(default_factory=list)
    cycles: list = field(default_factory=list)
    ends: list = field(default_factory=list)
    commands: list = field(default_factory=list)

    def __call__(self, now):
        ports, read = self.dut.ports, self.dut.read
        assert not read(ports["slices_last"]) or read(ports["slices_active"])
        if read(ports["slices_active"]):
            self.slices.append(
                tuple(read(ports[f"entering_{name}"]) for name in ("weights", "velocities", "gradients"))
            )
            self.cycles.append(now)
            if read(ports["slices_last"]):
                self.ends.append(len(self.slices))
                self.commands.append(read(ports["command"]))
        ports["bank_free"].next = bool(self.free(now))


@dataclass
class Run:
    lanes: Lanes
    commands: Source
    operands: Source


def run(build, config, tiles, stalls=("none", "none"), free=lambda now: True):
    dut = device(build, config)
    command, rest = (
        layouts.update(config),
        (1 << layouts.line_bits(config)) - (1 << layouts.line_bits(config) // 32 * 32),
    )
    lines = [line | rest for tile in tiles for line in update.lines(config, tile)]
    streams = dut.arguments["commands"], dut.arguments["operands"]
    sources = [
        Source(dut, stream, sent, stall)
        for stream, sent, stall in zip(
            streams, ([script.packed(command, **tile.command) for tile in tiles], lines), stalls, strict=True
        )
    ]
    lanes = Lanes(dut, free)
    dut.run(
        lanes,
        *sources,
        *map(Referee, streams),
        until=lambda: len(lanes.ends) == len(tiles),
        limit=30 * (len(lines) + 10 * len(tiles)),
    )
    return Run(lanes, *sources)


@every_config
@pytest.mark.parametrize("command_stall, operand_stall", [("none", "none"), ("often", "rare"), ("rare", "often")])
def test_every_slice_comes_once_in_order_and_the_last_says_so(build, rng, config, command_stall, operand_stall):
    tiles = random_tiles(rng, config)
    lanes = run(build, config, tiles, (command_stall, operand_stall)).lanes
    want = [expected(config, tile) for tile in tiles]
    assert lanes.slices == [one for of_tile in want for one in of_tile]
    assert lanes.ends == np.cumsum([len(of_tile) for of_tile in want]).tolist()
    assert lanes.commands == [script.packed(layouts.update(config), **tile.command) for tile in tiles]
    assert len(lanes.slices) == sum(len(tile.w) for tile in tiles) * config.largest_m // config.update_lanes


@every_config
def test_lines_move_one_a_cycle_and_a_slice_comes_a_cycle_after_its_last_line(build, rng, config):
    tiles = random_tiles(rng, config)
    done, moved, sent = run(build, config, tiles), 0, 0
    for tile, start in zip(tiles, done.commands.cycles, strict=True):
        count = len(update.lines(config, tile))
        slices = len(expected(config, tile))
        first = start + timing.LOAD_SETUP
        assert done.operands.cycles[moved : moved + count] == list(range(first, first + count))
        each = count // slices
        assert each == layouts.slice_lines(config, bool(tile.command["momentum"]))
        assert done.lanes.cycles[sent : sent + slices] == list(range(first + each, first + count + 1, each))
        moved, sent = moved + count, sent + slices
    assert (moved, sent) == (len(done.operands.cycles), len(done.lanes.slices))


@every_config
def test_the_next_command_moves_with_the_last_slice(build, rng, config):
    done = run(build, config, random_tiles(rng, config))
    ends = [done.lanes.cycles[end - 1] for end in done.lanes.ends]
    assert done.commands.cycles[1:] == ends[:-1] and len(ends) == TILES


@pytest.mark.parametrize("stall", STALLS)
def test_without_room_no_command_moves_and_a_tile_under_way_goes_on(build, rng, stall):
    config = CONFIGS["a-line-of-4"]
    room = [now for now in range(10_000) if rng.random() < 0.1]
    done = run(build, config, random_tiles(rng, config), ("none", stall), set(room).__contains__)
    assert len(done.lanes.ends) == len(done.commands.cycles) == TILES
    assert {now - 1 for now in done.commands.cycles} <= set(room)  # bank_free is seen a cycle later
    assert set(room) & set(done.lanes.cycles) < set(done.lanes.cycles)


def test_a_reset_in_the_middle_of_a_tile_makes_the_next_command_the_first(build, rng):
    """Also of a slice: lines of the old one are not part of the new one."""
    config, dut = CONFIGS["a-line-of-2"], device(build, CONFIGS["a-line-of-2"])
    tiles, seen, layout = random_tiles(rng, config, 2), [], layouts.update(config)
    entries = [dict(bank_free=1, commands_valid=1, commands_data=script.packed(layout, **tiles[0].command))]
    entries += [dict(operands_valid=1, operands_data=rng.getrandbits(64)) for _ in range(5)] + [dict(rst=1)]
    entries += [dict(bank_free=1, commands_valid=1, commands_data=script.packed(layout, **tiles[1].command))]
    entries += [dict(operands_valid=1, operands_data=line) for line in update.lines(config, tiles[1])]
    names = "slices_active", "slices_last", "entering_weights", "entering_velocities", "entering_gradients"
    got = script.play(dut, entries, *names)
    for valid, last, *values in zip(*(got[name] for name in names), strict=True):
        seen += [(tuple(values), last)] if valid else []
    assert [values for values, _ in seen] == expected(config, tiles[1])
    assert [last for _, last in seen] == [0] * (len(seen) - 1) + [1]
