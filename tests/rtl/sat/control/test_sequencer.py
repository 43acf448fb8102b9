"""sequencer: from loaded tiles to the controls of both edges, cycle by cycle, in both dataflows."""

from dataclasses import dataclass, field

import pytest

from rtl.sat import layouts, timing
from rtl.sat.config import SatConfig
from rtl.sat.control.sequencer import sequencer
from tests.support.array import controls_of, hop_of, known_read, known_step, known_weight, steps_of
from tests.support.script import Probe, fields, packed
from tests.support.sequence import expected_starts, random_commands

CONFIGS = [
    SatConfig(rows=2, columns=3, largest_m=16, chunk=32),
    SatConfig(rows=3, columns=2, interleave=6, largest_m=8, chunk=16),
    SatConfig(rows=5, columns=1, interleave=1, largest_m=4, chunk=16),
]
OUTPUTS = (
    "edges_west",
    "edges_north",
    "edges_skew",
    "tiles_started",
    "tiles_done",
    "blocks_finished",
    "steps_active",
    "steps_last",
    "accumulators_free",
)
BLOCKS = {
    "os": [(0, 1), (0, 3), (0, 2), (0, 1), (0, 1)],
    "ws": [(1, 1), (1, 3), (1, 2), (1, 1), (1, 1)],
    "mixed": [(1, 2), (0, 1), (1, 1), (1, 1), (0, 2)],
}
every_config = pytest.mark.parametrize("config", CONFIGS, ids=["2x3", "3x2", "5x1"])
every_mix = pytest.mark.parametrize("mix", BLOCKS)


def device(build, config):
    return build(sequencer, config=config)


@dataclass
class Surroundings:
    """A loader with tiles at given cycles, rows that hand the control on, a drain that stores `store` cycles later."""

    dut: object
    config: SatConfig
    commands: list[dict]
    loaded: list[int]
    store: int
    started: int = 0
    finished: list[int] = field(default_factory=list)
    finished_commands: list[int] = field(default_factory=list)
    history: list[int] = field(default_factory=list)
    hop: int = 1

    def __call__(self, now):
        ports, read, layout = self.dut.ports, self.dut.read, layouts.command(self.config)
        self.started += read(ports["tiles_started"])
        if read(ports["blocks_finished"]):
            self.finished.append(now)
            self.finished_commands.append(self.dut.peek("blocks_commands"))
        loaded = held = 0
        for number in range(self.started, min(self.started + 2, len(self.commands))):
            loaded |= (now >= self.loaded[number]) << number % 2
            held |= packed(layout, **self.commands[number]) << number % 2 * layout.width
        ports["tiles_loaded"].next, ports["tiles_commands"].next = loaded, held
        ports["blocks_stored"].next = now - self.store in self.finished
        self._hand_on(ports)

    def _hand_on(self, ports):
        """The rows: a cycle for each hop, or a group's steps. The hop changes only when nothing is under way."""
        if self.started and self.hop != (hop := hop_of(self.config, self.commands[self.started - 1])):
            self.hop, self.history = hop, []
        self.history.append(self.dut.peek("edges_west") or 0)
        for name, hops in (("edges_last_row", self.config.rows - 1), ("edges_below", self.config.rows)):
            ports[name].next = self.history[-hops * self.hop] if len(self.history) >= hops * self.hop else 0


def run(build, config, commands, loaded=None, store=3):
    """Run all commands. Returns the surroundings and {output: its value in each cycle}."""
    dut = device(build, config)
    around, probe = Surroundings(dut, config, commands, loaded or [0] * len(commands), store), Probe(dut, *OUTPUTS)
    blocks = sum(command["last"] for command in commands)

    def over():
        return around.finished[blocks - 1 :] and len(probe) > around.finished[-1] + store + 4

    dut.run(around, probe, until=over, limit=9000)
    return around, probe.values


def starts_of(around):
    """When each tile must start: a block is stored `store` cycles after the drain could see it finished."""
    return expected_starts(
        around.config, around.commands, around.loaded, [cycle + around.store for cycle in around.finished]
    )


def cycles_of(values, name):
    return [cycle for cycle, word in enumerate(values[name]) if word]


def decoded(layout, values, first):
    """{cycle: fields} from cycle `first` on where all bits are known, as they are from the first step on."""
    return {cycle: fields(layout, word) for cycle, word in enumerate(values) if cycle >= first and word is not None}


def expected_controls(config, commands, starts):
    """{cycle: fields} of what is read, of the steps and of the weights, where each of them stands on its control."""
    reads, steps, north, block, memory = {}, {}, {}, -1, 0
    for number, (command, start) in enumerate(zip(commands, starts, strict=True)):
        block, memory = block + command["first"], (memory + command["weights"]) % 2
        controls = controls_of(config, command, number % 2, block % 2, memory)
        reads |= {start.steps + step: beat for step, beat in enumerate(controls.reads)}
        steps |= {start.steps + timing.WEST - 1 + number: step for number, step in enumerate(controls.steps)}
        north |= {start.weights + timing.SKEW + number: weight for number, weight in enumerate(controls.weights)}
    return reads, steps, north


@every_mix
@every_config
def test_each_step_and_each_weight_has_its_controls_at_the_cycle_of_its_edge(build, rng, config, mix):
    commands = random_commands(rng, config, BLOCKS[mix])
    around, values = run(build, config, commands, loaded=[20 * number for number in range(len(commands))])
    reads, steps, north = expected_controls(config, commands, starts_of(around))
    layout, step_layout = layouts.west_control(config), layouts.step(config)
    nothing = dict.fromkeys([*layout.fields, *step_layout.fields], 0)
    got = decoded(layout, values["edges_west"], min(reads))
    assert set(range(min(steps), len(values["edges_west"]))) <= set(got)
    assert {c: known_read(word) for c, word in got.items()} == {c: known_read(reads.get(c, nothing)) for c in got}
    assert {c: known_step(word | fields(step_layout, word["step"])) for c, word in got.items()} == {
        c: known_step(steps.get(c, nothing)) for c in got
    }
    got = decoded(layouts.north_control(config), values["edges_north"], min(north))
    assert {c: known_weight(word) for c, word in got.items() if word["write"]} == {
        c: known_weight(word) for c, word in north.items() if word["write"]
    }
    assert len(steps) == sum(steps_of(config, command) for command in commands) and set(got) >= set(north)


@every_mix
@every_config
def test_the_skew_goes_around_in_a_group_less_a_cycle_where_weights_are_stationary(build, rng, config, mix):
    commands = random_commands(rng, config, BLOCKS[mix])
    around, values = run(build, config, commands)
    skew = [fields(layouts.skew_control(config), word) for word in values["edges_skew"]]
    starts, mode, compared = {start.weights: number for number, start in enumerate(starts_of(around))}, None, 0
    for cycle in range(min(starts), len(skew) - 1):
        mode = commands[starts[cycle]] if cycle in starts else mode
        assert skew[cycle]["weights"] == mode["weights"]
        goes_on = mode["weights"] and skew[cycle]["place"] < hop_of(config, mode) - 2
        assert skew[cycle + 1]["place"] == (skew[cycle]["place"] + 1 if goes_on else 0)
        compared += 1
    assert compared > 100


@every_mix
@every_config
def test_a_tile_starts_when_it_is_loaded_and_accumulators_are_free(build, rng, config, mix):
    commands = random_commands(rng, config, BLOCKS[mix])
    loaded = [0, 3, 3] + [150] * (len(commands) - 3)
    around, values = run(build, config, commands, loaded, store=100)
    assert [cycle + 1 for cycle in cycles_of(values, "tiles_started")] == [start.steps for start in starts_of(around)]
    assert values["steps_active"].count(1) == sum(steps_of(config, command) for command in commands)


@every_config
def test_tiles_that_are_ready_follow_each_other_without_a_pause(build, rng, config):
    commands = random_commands(rng, config, [(0, 6)])
    around, values = run(build, config, commands)
    total = sum(steps_of(config, command) for command in commands)
    first = starts_of(around)[0].steps
    assert values["steps_active"][first : first + total] == [1] * total
    assert sum(values["steps_active"]) == total


@pytest.mark.parametrize(
    "config",
    [CONFIGS[0].model_copy(update=dict(chunk=64)), CONFIGS[1].model_copy(update=dict(chunk=32))],
    ids=["2x3", "3x2"],
)
def test_so_do_those_with_stationary_weights_if_their_rows_are_more_than_the_arrays(build, rng, config):
    commands = random_commands(rng, config, [(1, 5)])
    for command in commands:
        command |= dict(groups=config.chunk // 4, kept_per_group=2, kept_in_last_group=2, north_lines=4, beats=1)
    around, values = run(build, config, commands)
    total = sum(steps_of(config, command) for command in commands)
    first = starts_of(around)[0].steps
    assert values["steps_active"][first : first + total] == [1] * total


@every_mix
@every_config
def test_banks_and_sums_are_reported_after_the_promised_lags(build, rng, config, mix):
    commands = random_commands(rng, config, BLOCKS[mix])
    around, values = run(build, config, commands)
    ends = cycles_of(values, "steps_last")
    assert ends == [
        start.steps + steps_of(config, command) - 1 for start, command in zip(starts_of(around), commands, strict=True)
    ]
    shape = config.rows, config.columns
    assert cycles_of(values, "tiles_done") == [
        end + timing.release_lag(*shape, hop_of(config, command)) for end, command in zip(ends, commands, strict=True)
    ]
    last = [(end, command) for end, command in zip(ends, commands, strict=True) if command["last"]]
    assert cycles_of(values, "blocks_finished") == [
        end + timing.drain_lag(*shape, hop_of(config, command)) for end, command in last
    ]


@every_mix
@every_config
def test_the_command_of_a_finished_block_is_held_for_the_drain(build, rng, config, mix):
    commands = random_commands(rng, config, [(weights, 1) for weights, _ in BLOCKS[mix]] + [(0, 1)])
    around, _ = run(build, config, commands)
    width = layouts.command(config).width
    held = [
        word >> number % 2 * width & (1 << width) - 1
        for number, word in enumerate(around.finished_commands)
        if word is not None
    ]
    assert held == [packed(layouts.command(config), **command) for command in commands[-len(held) :]]
    assert len(held) >= 5  # beside the very first, the other set's command is unknown


@every_config
@pytest.mark.parametrize("after", [None, -2, -1, 0, 1])
def test_accumulators_are_counted_from_their_first_step_to_their_store(build, rng, config, after):
    commands = random_commands(rng, config, [(0, 1)] * 3)
    loaded = [0, 0, 0]
    if after is not None:  # the second block starts about when the first one is stored, or just then
        first = steps_of(config, commands[0]) + timing.drain_lag(config.rows, config.columns)
        loaded = [0] + [first + 51 + after] * 2
    around, values = run(build, config, commands, loaded, store=50)
    taken = [cycle + 1 for cycle in cycles_of(values, "tiles_started")]
    if after == 0:
        assert taken[1] - 1 == around.finished[0] + around.store
    free = [cycle + around.store + 1 for cycle in around.finished]
    cycles = range(taken[0], len(values["accumulators_free"]))
    assert [values["accumulators_free"][c] for c in cycles] == [
        2 - sum(c >= t for t in taken) + sum(c >= f for f in free) for c in cycles
    ]
