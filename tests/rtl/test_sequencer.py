"""sequencer: from loaded tiles to the controls of both edges, cycle by cycle."""
from dataclasses import dataclass

import pytest
from myhdl import Signal, intbv

from rtl import timing, words
from rtl.config import BEAT, SatConfig
from rtl.sequencer import sequencer
from tests.support.array import controls_of
from tests.support.script import Probe, fields, packed

CONFIGS = [SatConfig(rows=2, columns=3, largest_m=16, chunk=32),
           SatConfig(rows=3, columns=2, interleave=6, largest_m=8, chunk=16)]
OUTPUTS = ("west_control", "north_control", "started", "bank_done", "finished", "issuing", "last_step",
           "accumulators_free")
every_config = pytest.mark.parametrize("config", CONFIGS, ids=["2x3", "3x2"])


def device(build, config):
    command = 2 * words.command(config).width
    widths = dict(loaded=2, held_commands=command, finished_command=command, accumulators_free=2,
                  west_control=words.west_control(config).width, north_control=words.north_control(config).width)
    flags = ("clk", "rst", "stored", *(name for name in OUTPUTS if name not in widths))
    return build(sequencer, config=config, **{name: Signal(bool(0)) for name in flags},
                 **{name: Signal(intbv(0)[width:]) for name, width in widths.items()})


def random_command(rng, config, first, last):
    """Fields of a command: dense, or N:M with groups of some beats."""
    sparse = rng.getrandbits(1)
    values, beats = (rng.choice([1, 2, 4]), rng.choice([1, config.largest_m // 4])) if sparse else (4, 1)
    groups = rng.randrange(1, config.chunk // BEAT // beats + 1)
    return dict(groups=groups, values=values, tail=values if sparse else rng.randrange(1, 5), beats=beats,
                sparse=sparse, first=first, last=last,
                rows=rng.randrange(1, config.rows + 1), slots=rng.randrange(1, config.interleave + 1))


@dataclass
class Surroundings:
    """A loader that has tiles ready at given cycles, and a drain that stores each block after `store` cycles."""

    dut: object
    config: SatConfig
    commands: list[dict]
    ready_at: list[int]
    store: int

    def __post_init__(self):
        self.started, self.finished, self.finished_commands = 0, [], []

    def __call__(self, now):
        ports, read, layout = self.dut.ports, self.dut.read, words.command(self.config)
        self.started += read(ports["started"])
        if read(ports["finished"]):
            self.finished.append(now)
            self.finished_commands.append(self.dut.peek("finished_command"))
        loaded = held = 0
        for number in range(self.started, min(self.started + 2, len(self.commands))):
            if now >= self.ready_at[number]:
                loaded |= 1 << number % 2
            held |= packed(layout, **self.commands[number]) << number % 2 * layout.width
        ports["loaded"].next, ports["held_commands"].next = loaded, held
        ports["stored"].next = now - self.store in self.finished


def run(build, config, commands, ready_at, store=3):
    """Run all commands. Returns the surroundings and {output: its value in each cycle}."""
    dut = device(build, config)
    around, probe = Surroundings(dut, config, commands, ready_at, store), Probe(dut, *OUTPUTS)
    blocks = sum(command["last"] for command in commands)

    def over():
        return around.finished[blocks - 1:] and len(probe) > around.finished[-1] + store + 4

    dut.run(around, probe, until=over, limit=3000)
    return around, probe.values


def starts(values):
    """The cycle of the first step of each tile: the one after `started`."""
    return [cycle + 1 for cycle, started in enumerate(values["started"]) if started]


def steps_of(config, command):
    values = (command["groups"] - 1) * command["values"] + command["tail"]
    return values * config.interleave


def expected_controls(config, commands, begins):
    """{cycle: fields} of west_control's reads, its loads, and north_control, for tiles that begin at these cycles."""
    reads, loads, north, block = {}, [], {}, -1
    for number, (command, begin) in enumerate(zip(commands, begins)):
        block += command["first"]
        west, weights = controls_of(config, command, number % 2, block % 2)
        for step, (beat, weight) in enumerate(zip(west, weights)):
            if beat["read"]:
                reads[begin + step] = beat["address"], beat["beat"]
            north[begin + step + timing.SKEW] = weight
            if weight["first_value"] and weight["read"]:
                loads.append(begin + step + timing.WEST - 1)
    return reads, loads, north


@every_config
def test_each_step_has_its_controls_at_the_cycle_of_its_edge(build, rng, config):
    blocks = [1, 3, 2, 1, 1]
    commands = [random_command(rng, config, chunk == 0, chunk == chunks - 1)
                for chunks in blocks for chunk in range(chunks)]
    around, values = run(build, config, commands, ready_at=[20 * number for number in range(len(commands))])
    reads, loads, north = expected_controls(config, commands, starts(values))
    west = controls(words.west_control(config), values["west_control"], min(reads))
    assert {c: (word["address"], word["beat"]) for c, word in west.items() if word["read"]} == reads
    assert [c for c, word in west.items() if word["load"]] == loads
    got = controls(words.north_control(config), values["north_control"], min(north))
    assert {c: known(word) for c, word in got.items() if word["valid"]} == {c: known(word) for c, word in north.items()}
    assert len(north) == sum(steps_of(config, command) for command in commands)


def controls(layout, values, first):
    """{cycle: fields} from the first cycle that matters on: before it, addresses are unknown."""
    return {cycle: fields(layout, word) for cycle, word in enumerate(values) if cycle >= first}


def known(weight):
    """A north_control's fields that mean something: an address only where it is read."""
    return {name: value for name, value in weight.items() if name != "address" or weight["read"]}


@every_config
def test_a_tile_starts_when_it_is_loaded_and_accumulators_are_free(build, rng, config):
    chunks = [(1, 1), (1, 0), (0, 1), (1, 1), (1, 1), (1, 1)]
    commands = [random_command(rng, config, first, last) for first, last in chunks]
    ready_at = [0, 3, 3, 150, 150, 150]
    around, values = run(build, config, commands, ready_at, store=100)
    stored = [cycle + around.store for cycle in around.finished]        # in the terms of values: stored stands there
    end, block, expected = 0, 0, []
    for command, ready in zip(commands, ready_at):
        wait = ready
        if command["first"]:
            wait = max(wait, stored[block - 2] + 1 if block > 1 else 0)
            block += 1
        expected.append(max(end, wait + timing.START_SETUP))
        end = expected[-1] + steps_of(config, command)
    assert starts(values) == expected
    assert values["issuing"].count(1) == sum(steps_of(config, command) for command in commands)


@every_config
def test_tiles_that_are_ready_follow_each_other_without_a_pause(build, rng, config):
    commands = [random_command(rng, config, number == 0, number == 5) for number in range(6)]
    _, values = run(build, config, commands, ready_at=[0] * 6)
    total = sum(steps_of(config, command) for command in commands)
    first = starts(values)[0]
    assert values["issuing"][first:first + total] == [1] * total
    assert sum(values["issuing"]) == total


@every_config
def test_banks_and_sums_are_reported_after_the_promised_lags(build, rng, config):
    commands = [random_command(rng, config, number % 2 == 0, number % 2) for number in range(6)]
    around, values = run(build, config, commands, ready_at=[0] * 6)
    ends = [cycle for cycle, last in enumerate(values["last_step"]) if last]
    assert ends == [begin + steps_of(config, command) - 1 for begin, command in zip(starts(values), commands)]
    done = [cycle for cycle, bank_done in enumerate(values["bank_done"]) if bank_done]
    assert done == [end + timing.release_lag(config.rows, config.columns) for end in ends]
    finished = [cycle for cycle, word in enumerate(values["finished"]) if word]
    assert finished == [end + timing.drain_lag(config.rows, config.columns) for end in ends[1::2]]


@every_config
def test_the_command_of_a_finished_block_is_held_for_the_drain(build, rng, config):
    commands = [random_command(rng, config, True, True) for _ in range(6)]
    around, _ = run(build, config, commands, ready_at=[0] * 6)
    width = words.command(config).width
    held = [word >> number % 2 * width & (1 << width) - 1
            for number, word in enumerate(around.finished_commands) if word is not None]
    assert held == [packed(words.command(config), **command) for command in commands[-len(held):]]
    assert len(held) >= 5                       # beside the very first, the other set's command is unknown


@every_config
@pytest.mark.parametrize("after", [None, -2, -1, 0, 1])
def test_accumulators_are_counted_from_their_first_step_to_their_store(build, rng, config, after):
    commands = [random_command(rng, config, True, True) for _ in range(3)]
    ready_at = [0, 0, 0]
    if after is not None:           # the second block starts about when the first one is stored, or just then
        first = steps_of(config, commands[0]) + timing.drain_lag(config.rows, config.columns)
        ready_at = [0] + [first + 51 + after] * 2
    around, values = run(build, config, commands, ready_at, store=50)
    taken = starts(values)
    if after == 0:
        assert taken[1] - 1 == around.finished[0] + around.store
    free = [cycle + around.store + 1 for cycle in around.finished]
    cycles = range(taken[0], len(values["accumulators_free"]))
    assert [values["accumulators_free"][c] for c in cycles] == \
        [2 - sum(c >= t for t in taken) + sum(c >= f for f in free) for c in cycles]
