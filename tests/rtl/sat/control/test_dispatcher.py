"""dispatcher: when weights and steps of each tile start, with the loops and the array's rows played by the test."""

from collections import Counter
from dataclasses import dataclass, field

import pytest

from rtl.sat import layouts, timing
from rtl.sat.config import SatConfig
from rtl.sat.control.dispatcher import dispatcher
from tests.support.array import hop_of, steps_of
from tests.support.script import Probe, fields, packed
from tests.support.sequence import expected_starts, random_commands

CONFIGS = [
    SatConfig(rows=3, columns=2, largest_m=4, chunk=16),
    SatConfig(rows=1, columns=1, interleave=6, chunk=32),
    SatConfig(rows=6, columns=1, interleave=1, largest_m=8, chunk=32),
]
BLOCKS = [[(1, 4), (1, 2), (1, 1), (1, 3)], [(0, 2), (1, 2), (0, 1), (0, 1), (1, 1), (1, 3), (0, 2)]]
OUTPUTS = (
    "upcoming_weights_start",
    "tiles_started",
    "upcoming_bank",
    "running_stationary",
    "running_accumulators",
    "running_weights_bank",
    "accumulators_free",
    "upcoming_command",
    "running_command",
    "blocks_commands",
)
every_config = pytest.mark.parametrize("config", CONFIGS, ids=["3x2", "1x1", "6x1"])
both_mixes = pytest.mark.parametrize("blocks", BLOCKS, ids=["ws", "mixed"])


def device(build, config):
    return build(dispatcher, config=config)


@dataclass
class Surroundings:
    """A loader, the loops of weights and steps, the rows that a sum passes, and a drain that takes its time."""

    dut: object
    config: SatConfig
    commands: list[dict]
    loaded: list[int]
    store: int
    weights_left: int = 0
    steps_left: int = 0
    started: int = 0
    returns: int = -1
    stored: list[int] = field(default_factory=list)

    def __call__(self, now):
        ports, read = self.dut.ports, self.dut.read
        self.weights_left, self.steps_left = max(0, self.weights_left - 1), max(0, self.steps_left - 1)
        if read(ports["upcoming_weights_start"]):
            self._start_weights(self.commands[self.started])
        if read(ports["tiles_started"]):
            self._start_steps(self.commands[self.started], now)
        ports["weights_active"].next, ports["weights_last"].next = self.weights_left > 0, self.weights_left == 1
        ports["steps_active"].next, ports["steps_last"].next = self.steps_left > 0, self.steps_left == 1
        ports["returned"].next, ports["blocks_stored"].next = now == self.returns, now in self.stored
        loaded = held = 0
        for number in range(self.started, min(self.started + 2, len(self.commands))):
            loaded |= (now >= self.loaded[number]) << number % 2
            held |= packed(layouts.command(self.config), **self.commands[number]) << number % 2 * self._bits
        ports["tiles_loaded"].next, ports["tiles_commands"].next = loaded, held

    @property
    def _bits(self):
        return layouts.command(self.config).width

    def _start_weights(self, command):
        assert self.weights_left == 0, "weights start while others are under way"
        hop = hop_of(self.config, command)
        self.weights_left = self.config.rows * hop if command["weights"] else steps_of(self.config, command)

    def _start_steps(self, command, now):
        assert self.steps_left == 0, "steps start while others are issued"
        self.steps_left, self.started = steps_of(self.config, command), self.started + 1
        if command["weights"]:
            self.returns = now + timing.WEST - 1 + self.config.rows * hop_of(self.config, command)
        if command["last"]:
            earliest = now + self.steps_left + timing.drain_lag(self.config.rows, 1, hop_of(self.config, command))
            self.stored.append(max([earliest, *self.stored[-1:]]) + self.store)


def run(build, config, commands, loaded, store=9):
    """Run all commands. Returns the surroundings and {output: its value in each cycle}."""
    dut = device(build, config)
    around, probe = Surroundings(dut, config, commands, loaded, store), Probe(dut, *OUTPUTS)
    blocks = sum(command["last"] for command in commands)
    dut.run(
        around, probe, limit=9000, until=lambda: len(around.stored) == blocks and len(probe) > around.stored[-1] + 2
    )
    return around, probe.values


def cycles_of(values, name):
    """The cycles after those in which it stands."""
    return [cycle + 1 for cycle, word in enumerate(values[name]) if word]


def loads(rng, commands, slow):
    """When tiles are loaded: all at once, or each some cycles after the one before."""
    return [sum(rng.randrange(2 * slow) for _ in range(number)) if slow else 0 for number in range(len(commands))]


@both_mixes
@every_config
@pytest.mark.parametrize("slow", [0, 60])
def test_weights_and_steps_start_just_when_nothing_holds_them(build, rng, config, blocks, slow):
    commands = random_commands(rng, config, blocks)
    loaded = loads(rng, commands, slow)
    around, values = run(build, config, commands, loaded)
    expected = expected_starts(config, commands, loaded, around.stored)
    assert cycles_of(values, "upcoming_weights_start") == [start.weights for start in expected]
    assert cycles_of(values, "tiles_started") == [start.steps for start in expected]
    assert len(expected) == len(commands)


@pytest.mark.parametrize(
    "loaded, store, weights, steps",
    [
        ([0] * 6, 5, "weights", "sums"),  # a row of six elements: sums are long under way
        ([0] * 6, 600, "elements", "accumulators"),
        ([400 * i for i in range(6)], 5, "operands", "operands"),
    ],
)
def test_each_reason_to_wait_decides_when_it_is_the_last(build, rng, loaded, store, weights, steps):
    config = CONFIGS[2]
    commands = random_commands(rng, config, [(1, 1)] * 6)
    for command in commands:
        command |= dict(groups=2, kept_per_group=4, kept_in_last_group=4, north_lines=8)
    around, values = run(build, config, commands, loaded, store)
    expected = expected_starts(config, commands, loaded, around.stored)
    assert cycles_of(values, "upcoming_weights_start") == [start.weights for start in expected]
    assert cycles_of(values, "tiles_started") == [start.steps for start in expected]
    assert Counter(start.weights_for for start in expected).most_common(1)[0][0] == weights
    assert Counter(start.steps_for for start in expected).most_common(1)[0][0] == steps


def test_steps_of_long_tiles_follow_each_other_and_weights_wait_for_the_elements_other_bank(build, rng):
    config = CONFIGS[1]
    commands = random_commands(rng, config, [(1, 6)])
    for command in commands:
        command |= dict(groups=8, kept_per_group=2, kept_in_last_group=2, north_lines=2)
    around, values = run(build, config, commands, [0] * 6)
    expected = expected_starts(config, commands, [0] * 6, around.stored)
    assert [start.steps_for for start in expected[1:]] == ["steps"] * 5
    assert [start.weights_for for start in expected[2:]] == ["elements"] * 4
    assert cycles_of(values, "upcoming_weights_start") == [start.weights for start in expected]
    assert cycles_of(values, "tiles_started") == [start.steps for start in expected]


@both_mixes
@every_config
def test_what_is_said_about_the_tile_is_so_from_its_start_on(build, rng, config, blocks):
    commands = random_commands(rng, config, blocks)
    _, values = run(build, config, commands, loads(rng, commands, 9))
    layout, block, memory = layouts.command(config), 0, 0
    weights_starts, starts = cycles_of(values, "upcoming_weights_start"), cycles_of(values, "tiles_started")
    for number, (command, primed, start) in enumerate(zip(commands, weights_starts, starts, strict=True)):
        block, memory = block + command["first"], (memory + command["weights"]) % 2
        assert fields(layout, values["upcoming_command"][primed - 1]) == fields(layout, packed(layout, **command))
        assert fields(layout, values["running_command"][start]) == fields(layout, packed(layout, **command))
        assert (values["upcoming_bank"][start - 1], values["upcoming_bank"][start]) == (number % 2, 1 - number % 2)
        assert (values["running_stationary"][primed], values["running_weights_bank"][primed]) == (
            command["weights"],
            memory,
        )
        assert values["running_accumulators"][start] == (block - 1) % 2
    assert len(starts) == len(weights_starts) == len(commands)


@both_mixes
@every_config
@pytest.mark.parametrize("store", [1, 200])
def test_accumulators_are_counted_from_a_blocks_first_step_to_its_store(build, rng, config, blocks, store):
    commands = random_commands(rng, config, blocks)
    around, values = run(build, config, commands, [0] * len(commands), store)
    taken = [
        start for start, command in zip(cycles_of(values, "tiles_started"), commands, strict=True) if command["first"]
    ]
    free = [cycle + 1 for cycle in around.stored]
    assert values["accumulators_free"] == [
        2 - sum(c >= t for t in taken) + sum(c >= f for f in free) for c in range(len(values["accumulators_free"]))
    ]
    assert len(free) == len(blocks)


@both_mixes
@every_config
def test_the_command_of_a_finished_block_is_held_until_it_is_stored(build, rng, config, blocks):
    commands = random_commands(rng, config, blocks)
    around, values = run(build, config, commands, [0] * len(commands), store=30)
    layout, compared = layouts.command(config), 0
    ends = [
        start + steps_of(config, command)
        for start, command in zip(cycles_of(values, "tiles_started"), commands, strict=True)
    ]
    last = [(end, command) for end, command in zip(ends, commands, strict=True) if command["last"]]
    for number, ((end, command), stored) in enumerate(zip(last, around.stored, strict=True)):
        for cycle in range(end, stored + 1):
            held = values["blocks_commands"][cycle]
            if held is None:  # before the second block, the other set's command is unknown
                continue
            held = held >> number % 2 * layout.width & (1 << layout.width) - 1
            assert held == packed(layout, **command)
            compared += 1
    assert compared > 30 * (len(blocks) - 2)
