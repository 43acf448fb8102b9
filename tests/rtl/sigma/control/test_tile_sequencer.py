"""tile_sequencer: from loaded tiles to a column's step a cycle, and what is told when about banks and sums."""

from dataclasses import dataclass, field

import pytest

from rtl.sigma import layouts, timing
from rtl.sigma.config import SigmaConfig
from rtl.sigma.control.tile_sequencer import tile_sequencer
from tests.support.script import Probe, fields, packed

CONFIGS = {
    "8": SigmaConfig(engines=2, lanes=4, results=2, rows=3, columns=8),
    "11-bf16": SigmaConfig(engines=1, lanes=2, results=2, rows=1, columns=11, operands="bf16"),
}
OUTPUTS = (
    "tiles_started",
    "step",
    "read_address",
    "issuing",
    "last_step",
    "tiles_released",
    "blocks_finished",
    "free_sums",
)
BLOCKS = [1, 3, 2, 1, 1, 2]  # tiles of each
every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


def device(build, config):
    return build(tile_sequencer, config=config)


def random_commands(rng, config, blocks):
    """Commands of blocks with so many tiles: a block's have its columns; some are shorter than a turn."""
    commands = []
    for number, tiles in enumerate(blocks):
        columns = (
            [config.columns, 1, timing.TURN, timing.TURN + 1][number]
            if number < 4
            else rng.randrange(1, config.columns + 1)
        )
        half, rows = rng.getrandbits(1), rng.randrange(1, config.rows + 1)
        commands += [
            dict(
                engines=rng.randrange(config.engines + 1),
                columns=columns,
                loads_stream=rng.getrandbits(1),
                first=int(n == 0),
                last=int(n == tiles - 1),
                rows=rows,
                half=half,
            )
            for n in range(tiles)
        ]
    return commands


@dataclass
class Surroundings:
    """Banks that are full at given cycles, and a drain that stores a block `store` cycles after its end."""

    dut: object
    config: SigmaConfig
    commands: list[dict]
    loaded: list[int]
    streams: list[int]
    store: int
    started: int = 0
    finished: list[int] = field(default_factory=list)
    block_commands: list[int] = field(default_factory=list)

    def __call__(self, now):
        ports, read, layout = self.dut.ports, self.dut.read, layouts.command(self.config)
        self.started += read(ports["tiles_started"])
        if read(ports["blocks_finished"]):
            self.finished.append(now)
            self.block_commands.append(self.dut.peek("blocks_commands"))
        loaded = held = streams = 0
        # A bank keeps what it has held while its tile is under way.
        for number in range(max(self.started - 1, 0), min(self.started + 2, len(self.commands))):
            loaded |= (number >= self.started and now >= self.loaded[number]) << number % 2
            place = number % 2 * layout.width
            held = held & ~((1 << layout.width) - 1 << place) | packed(layout, **self.commands[number]) << place
            streams = streams & ~(1 << number % 2) | self.streams[number] << number % 2
        ports["tiles_loaded"].next, ports["tiles_commands"].next, ports["tiles_streams"].next = loaded, held, streams
        ports["stored"].next = now - self.store in self.finished


def run(build, rng, config, commands, loaded=None, store=4):
    """Run all commands. Returns the surroundings and {output: its value in each cycle}."""
    dut = device(build, config)
    streams = [rng.getrandbits(1) for _ in commands]
    around = Surroundings(dut, config, commands, loaded or [0] * len(commands), streams, store)
    probe, blocks = Probe(dut, *OUTPUTS), sum(command["last"] for command in commands)
    dut.run(
        around,
        probe,
        limit=5000,
        reset=timing.reset_cycles(config.operands, config.levels),
        until=lambda: around.finished[blocks - 1 :] and len(probe) > around.finished[-1] + store + 4,
    )
    return around, probe.values


def length(command):
    return max(command["columns"], 5)


def starts_of(around):
    """The cycle of each tile's first step: after the tile before, and a set-up after its banks and sums."""
    starts, end, blocks = [], 0, 0
    for command, loaded in zip(around.commands, around.loaded, strict=True):
        start = max(end, loaded + timing.START_SETUP)
        if command["first"]:
            if blocks > 1:
                start = max(start, around.finished[blocks - 2] + around.store + 1 + timing.START_SETUP)
            blocks += 1
        starts.append(start)
        end = start + length(command)
    return starts


def cycles_of(values, name):
    return [cycle for cycle, word in enumerate(values[name]) if word]


@every_config
@pytest.mark.parametrize("gap, store", [(0, 4), (0, 60), (9, 4), (30, 90)])
def test_each_tile_steps_through_its_columns_as_soon_as_it_and_sums_are_there(build, rng, config, gap, store):
    commands = random_commands(rng, config, BLOCKS)
    around, values = run(build, rng, config, commands, [gap * number for number in range(len(commands))], store)
    starts, layout, bits = starts_of(around), layouts.step(config), layouts.step(config).bits("column")
    steps, block, issuing = {}, -1, set()
    for number, (command, start) in enumerate(zip(commands, starts, strict=True)):
        block += command["first"]
        issuing |= set(range(start, start + length(command)))
        steps |= {
            start + column: dict(valid=1, fresh=command["first"], set=block % 2, bank=number % 2, column=column)
            for column in range(command["columns"])
        }
        reads = values["read_address"][start : start + command["columns"]]
        assert reads == [around.streams[number] << bits | column for column in range(command["columns"])]
    first = starts[0]
    got = {cycle: fields(layout, word) for cycle, word in enumerate(values["step"]) if cycle >= first}
    assert {cycle: word for cycle, word in got.items() if word["valid"]} == steps
    assert set(cycles_of(values, "issuing")) == issuing
    assert [cycle + 1 for cycle in cycles_of(values, "tiles_started")] == starts
    assert len(steps) == sum(command["columns"] for command in commands) > 30


@every_config
def test_tiles_that_are_ready_follow_each_other_without_a_pause(build, rng, config):
    commands = random_commands(rng, config, [4, 5])
    around, values = run(build, rng, config, commands)
    total, first = sum(map(length, commands)), starts_of(around)[0]
    assert values["issuing"][first : first + total] == [1] * total and sum(values["issuing"]) == total


@every_config
@pytest.mark.parametrize("gap", [0, 25])
def test_banks_and_sums_are_reported_after_the_promised_lags(build, rng, config, gap):
    commands = random_commands(rng, config, BLOCKS)
    around, values = run(build, rng, config, commands, [gap * number for number in range(len(commands))])
    ends, way = cycles_of(values, "last_step"), (config.operands, config.levels)
    assert ends == [start + length(command) - 1 for start, command in zip(starts_of(around), commands, strict=True)]
    assert cycles_of(values, "tiles_released") == [end + timing.release_lag(*way) for end in ends]
    last = [end for end, command in zip(ends, commands, strict=True) if command["last"]]
    assert cycles_of(values, "blocks_finished") == [end + timing.finish_lag(*way) for end in last]
    assert len(last) == len(BLOCKS)


@every_config
def test_the_first_command_of_each_finished_block_is_held_for_the_drain(build, rng, config):
    commands = random_commands(rng, config, [*BLOCKS, 1])
    around, _ = run(build, rng, config, commands, store=30)
    width = layouts.command(config).width
    held = [
        word >> number % 2 * width & (1 << width) - 1
        for number, word in enumerate(around.block_commands)
        if word is not None
    ]
    firsts = [packed(layouts.command(config), **command) for command in commands if command["first"]]
    assert held == firsts[-len(held) :]
    assert len(held) >= len(BLOCKS)  # beside the very first, the other set's command may be unknown


@every_config
@pytest.mark.parametrize("after", [None, -2, -1, 0, 1])
def test_sets_of_sums_are_counted_from_their_first_step_to_their_store(build, rng, config, after):
    """Also where one is taken in the very cycle in which another is given back."""
    commands, store = random_commands(rng, config, [1] * 3), 50
    loaded = [0, 0, 0]
    if after is not None:
        first_stored = length(commands[0]) + timing.finish_lag(config.operands, config.levels) + 1 + store
        loaded = [0] + [first_stored + after] * 2
    around, values = run(build, rng, config, commands, loaded, store)
    taken = [cycle + 1 for cycle in cycles_of(values, "tiles_started")]
    free = [cycle + store + 1 for cycle in around.finished]
    if after == 0:
        assert taken[1] == free[0]
    assert values["free_sums"] == [
        2 - sum(cycle >= at for at in taken) + sum(cycle >= at for at in free)
        for cycle in range(len(values["free_sums"]))
    ]
