"""loader: tile commands and operand lines in, writes into two banks that take turns."""

import pytest

from rtl.sat import layouts, timing
from rtl.sat.config import BEAT, SatConfig
from rtl.sat.control.loader import loader
from tests.support.script import packed
from tests.support.streams import STALLS, Referee, Source

CONFIG = SatConfig(rows=2, columns=2, largest_m=4, chunk=16)
COMMAND = layouts.command(CONFIG)
BANK = dict(west=CONFIG.chunk // BEAT, north=CONFIG.chunk)  # lines of a bank
TILES = 9


def device(build):
    return build(loader, config=CONFIG)


def random_tiles(rng):
    """(command, west lines, north lines) of each tile; some fill their bank."""
    tiles = []
    for number in range(TILES):
        west, north = tuple(BANK.values()) if number % 4 == 3 else (rng.randrange(1, 5), rng.randrange(1, 17))
        command = packed(COMMAND, west_lines=west, north_lines=north, rows=number % 2 + 1)
        tiles.append(
            (command, *([rng.getrandbits(layouts.line_bits(CONFIG)) for _ in range(n)] for n in (west, north)))
        )
    return tiles


class Array:
    """Starts each loaded tile after a pause, frees its bank `busy` cycles later, and notes what it sees."""

    def __init__(self, dut, pause, busy):
        self.dut, self.pause, self.busy = dut, pause, busy
        self.writes, self.loaded_at, self.held, self.ends = [], [], [], []
        self.started_at = [-100]

    def __call__(self, now):
        ports, tile = self.dut.ports, len(self.loaded_at)
        for kind in BANK:
            if self.dut.read(ports[f"line_{kind}_write"]):
                self.writes.append(
                    (kind, self.dut.read(ports[f"line_{kind}_address"]), self.dut.read(ports["line_data"]))
                )
        if len(self.started_at) - 1 == tile and self.dut.read(ports["tiles_loaded"]) >> tile % 2 & 1:
            self.loaded_at.append(now)
            self.held.append(self.dut.peek("tiles_commands"))
        starts = len(self.started_at) == len(self.loaded_at) and now >= self.loaded_at[-1] + self.pause
        ports["tiles_started"].next = starts
        ports["tiles_done"].next = now - self.busy in self.started_at
        if starts:
            self.started_at.append(now)
            self.ends.append(now + self.busy)


def run(build, rng, pause=0, busy=1, command_stall="none", operand_stall="none"):
    tiles, dut = random_tiles(rng), device(build)
    commands = Source(dut, dut.arguments["commands"], [command for command, _, _ in tiles], command_stall)
    operands = Source(dut, dut.arguments["operands"], [line for _, w, n in tiles for line in w + n], operand_stall)
    array = Array(dut, pause, busy)
    dut.run(
        commands,
        operands,
        array,
        Referee(commands.stream),
        Referee(operands.stream),
        until=lambda: len(array.loaded_at) == TILES,
        limit=2000,
    )
    return tiles, commands, operands, array


def expected_writes(tiles):
    return [
        (kind, number % 2 * BANK[kind] + place, line)
        for number, (_, west, north) in enumerate(tiles)
        for kind, lines in (("west", west), ("north", north))
        for place, line in enumerate(lines)
    ]


@pytest.mark.parametrize("operand_stall", STALLS)
@pytest.mark.parametrize("command_stall", STALLS)
def test_every_line_goes_to_its_place_in_its_bank_however_the_streams_stall(build, rng, command_stall, operand_stall):
    tiles, _, _, array = run(build, rng, 2, 5, command_stall, operand_stall)
    assert array.writes == expected_writes(tiles)
    assert len(array.writes) == sum(len(west) + len(north) for _, west, north in tiles) > 60


@pytest.mark.parametrize("pause, busy, crowded", [(0, 1, False), (5, 2, False), (0, 30, True), (40, 3, True)])
def test_a_bank_is_filled_again_two_cycles_after_the_array_has_left_it_and_not_before(build, rng, pause, busy, crowded):
    tiles, commands, _, array = run(build, rng, pause, busy)
    assert array.writes == expected_writes(tiles)
    waits = [taken - end for taken, end in zip(commands.cycles[2:], array.ends, strict=False)]
    assert len(waits) == TILES - 2
    assert min(waits) >= 2  # tiles.done stands a cycle, and frees the bank in the next
    assert 2 in waits or not crowded


def test_lines_follow_their_command_at_once_and_one_a_cycle(build, rng):
    tiles, commands, operands, array = run(build, rng)
    moved = iter(operands.cycles)
    for (_, west, north), taken, loaded in zip(tiles, commands.cycles, array.loaded_at, strict=True):
        first = taken + timing.LOAD_SETUP
        assert [next(moved) for _ in west + north] == list(range(first, first + len(west + north)))
        assert loaded == first + len(west + north)


def test_the_command_of_each_loaded_tile_is_held_for_the_sequencer(build, rng):
    tiles, _, _, array = run(build, rng, pause=3, busy=4)
    held = [
        word >> number % 2 * COMMAND.width & (1 << COMMAND.width) - 1
        for number, word in enumerate(array.held)
        if number
    ]
    assert held == [command for command, _, _ in tiles[1:]]  # beside the very first, the other bank is unknown
    assert len(held) == TILES - 1
