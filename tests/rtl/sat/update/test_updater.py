"""updater: whole tiles of every kind through its three streams, with stalls, against golden."""

import pytest

from rtl.golden import Rates
from rtl.sat import layouts, timing
from rtl.sat.config import SatConfig
from rtl.sat.update.updater import updater
from tests.support import floats, script, update
from tests.support.streams import STALLS, Referee, Sink, Source

pytestmark = pytest.mark.whole

RATES = Rates(0.1, 0.9, 1e-3, 4.0)
FIRST_WORD = 1 + timing.UPDATE_LAG + timing.STORE_SETUP  # from a tile's last slice; a tile ends the cycle after it
CONFIGS = {  # lanes, columns: words of a row; lines of a slice
    "1-lane-of-4": SatConfig(rows=1, columns=2, largest_m=4, update_lanes=1, chunk=16),
    "4-lanes-of-4": SatConfig(rows=1, columns=1, largest_m=4, update_lanes=4, chunk=48),
    "2-lanes-of-8": SatConfig(rows=3, columns=5, largest_m=8, update_lanes=2, chunk=24),
    "8-lanes-of-8": SatConfig(rows=1, columns=3, largest_m=8, update_lanes=8, chunk=16),
    "2-lanes-of-16": SatConfig(rows=1, columns=9, largest_m=16, update_lanes=2, chunk=16),
    "16-lanes-of-16": SatConfig(rows=4, columns=1, interleave=1, largest_m=16, update_lanes=16, chunk=16),
}
every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
some_configs = pytest.mark.parametrize("name", ["4-lanes-of-4", "2-lanes-of-8", "2-lanes-of-16"])
TINY = CONFIGS["4-lanes-of-4"]
SPARSE, DENSE, REDUCE = (
    dict(momentum=m, masters=m, half=h, forward=f, backward=f, n=2 * f, m=4 * f)
    for m, h, f in ((1, 0, 1), (1, 1, 0), (0, 0, 1))
)


def device(build, config):
    return build(updater, config=config)


def tile_of(rng, config, kind, groups=1, numbers="wide"):
    """A tile of some groups of vectors, or of as many vectors where no copy is made."""
    vectors = groups * (kind["m"] if kind["forward"] or kind["backward"] else 1)
    values = update.triple(floats.numpy_of(rng, rng.getrandbits(16)), (vectors, config.largest_m), numbers, RATES)
    return update.Tile(dict(kind, vectors=vectors), *values)


def kinds(rng, config, count):
    """Commands of every sort; those with a copy have a pattern, others may have one too."""
    found = []
    for _ in range(count):
        momentum, forward, backward = (rng.randrange(2) for _ in range(3))
        n, m = rng.choice(update.patterns(config.largest_m) + [(0, 0)] * (not (forward or backward)))
        half = int(not (momentum or forward or backward) or rng.randrange(2))
        found.append(dict(momentum=momentum, masters=momentum, half=half, forward=forward, backward=backward, n=n, m=m))
    return found


class Run:
    """Tiles through a device: the words of each, and the cycles in which all that can be seen happened."""

    def __init__(self, build, config, tiles, stalls=("none",) * 3, shy=False):
        self.config, self.tiles, self.dut = config, tiles, device(build, config)
        streams, layout = vars(self.dut.arguments["traffic"]), layouts.update(config)
        self.lines = [update.lines(config, tile) for tile in tiles]
        sent = ([script.packed(layout, **tile.command) for tile in tiles], [line for one in self.lines for line in one])
        self.commands, self.operands = (
            Source(self.dut, streams[name], what, stall)
            for name, what, stall in zip(("commands", "operands"), sent, stalls, strict=False)
        )
        self.sink = Sink(self.dut, streams["results"], stalls[2], shy)
        self.slices, self.ends, self.busy = [], [], []
        self.expected = [update.cut(config, tile.command, update.rows(config, tile, RATES)) for tile in tiles]
        self.total = sum(map(len, self.expected))
        referees = [Referee(streams[name]) for name in ("commands", "operands", "results")]
        self.dut.run(
            self.commands,
            self.operands,
            self.sink,
            *referees,
            self.watch,
            until=lambda: self.over(),
            limit=4 * (len(sent[1]) + self.total) + 80 * len(tiles),
        )

    def watch(self, now):
        ports, read = self.dut.ports, self.dut.read
        ports["rates"].next = update.rates_word(RATES)
        self.slices += [now] if read(ports["slices_active"]) else []
        self.ends += [now] if read(ports["slices_last"]) else []
        self.busy.append(read(ports["busy"]))

    def over(self):
        return len(self.sink.words) == self.total and not self.busy[-1]

    def words(self):
        """The words of each tile."""
        each = iter(self.sink.words)
        return [[next(each) for _ in one] for one in self.expected]

    def cycles(self):
        """The cycle of each word of each tile."""
        each = iter(self.sink.cycles)
        return [[next(each) for _ in one] for one in self.expected]


@every_config
def test_commands_of_any_kind_follow_each_other_and_all_is_what_golden_says(build, simulator, rng, config):
    order = kinds(rng, config, 2 if simulator == "myhdl" else 10)
    tiles = [tile_of(rng, config, kind, 1, rng.choice(["wide", "classes", "any_bits"])) for kind in order]
    run = Run(build, config, tiles, ("rare", "rare", "often"))
    assert run.words() == run.expected
    assert len(run.ends) == len(tiles) == len(order) and all(run.expected)
    assert len(run.slices) == sum(len(tile.w) for tile in tiles) * config.largest_m // config.update_lanes
    assert set(run.ends) <= set(run.slices)


@pytest.mark.parametrize("operand_stall", STALLS)
@pytest.mark.parametrize("result_stall", STALLS)
def test_stalls_change_when_but_never_what(build, rng, operand_stall, result_stall):
    tiles = [tile_of(rng, TINY, kind) for kind in (SPARSE, SPARSE, DENSE, REDUCE)]
    run = Run(build, TINY, tiles, (operand_stall, operand_stall, result_stall))
    assert run.words() == run.expected
    assert len(run.ends) == 4


@pytest.mark.parametrize("stall", ["none", "often"])
def test_between_two_patterns_comes_a_dense_update_and_no_old_group_is_left(build, rng, stall):
    """Sparse and dense take turns, a tile of each directly behind the other."""
    config = CONFIGS["8-lanes-of-8"]
    order = [dict(SPARSE, n=4, m=8), DENSE, SPARSE, DENSE, dict(REDUCE, n=1), DENSE, dict(SPARSE, n=2, m=8), REDUCE]
    run = Run(build, config, [tile_of(rng, config, kind) for kind in order], (stall, "none", stall))
    assert run.words() == run.expected
    assert len(run.words()) == 8


@pytest.mark.parametrize("stall", ["none", "often"])
def test_tiles_of_one_kind_overlap_and_another_kind_waits_until_all_is_stored(build, rng, stall):
    order = [SPARSE, SPARSE, REDUCE, REDUCE, dict(REDUCE, n=1), DENSE, DENSE, dict(DENSE, half=0), SPARSE]
    run = Run(build, TINY, [tile_of(rng, TINY, kind) for kind in order], ("none", "none", stall))
    assert run.words() == run.expected
    waited = overlapped = 0
    for before, kind, end, start in zip(order[:-1], order[1:], run.cycles()[:-1], run.commands.cycles[1:], strict=True):
        if kind != before:
            waited += start > end[-1]
            assert start > end[-1]
        else:
            overlapped += start < end[0]
    assert (waited, overlapped) == (5, 3)


@some_configs
def test_the_first_word_comes_when_the_promised_latency_is_over_and_then_one_a_cycle(build, rng, name):
    config = CONFIGS[name]
    run = Run(build, config, [tile_of(rng, config, SPARSE)])
    (end,), (cycles,) = run.ends, run.cycles()
    assert cycles == list(range(end + FIRST_WORD, end + FIRST_WORD + len(cycles)))
    assert run.words() == run.expected and len(cycles) > 8


@some_configs
def test_a_slice_enters_as_soon_as_its_lines_have_come(build, rng, name):
    config = CONFIGS[name]
    half_only = dict(DENSE, momentum=0, masters=0)
    run = Run(build, config, [tile_of(rng, config, kind, 2) for kind in (DENSE, half_only)])
    for number, each in enumerate((layouts.slice_lines(config, True), layouts.slice_lines(config, False))):
        first = run.commands.cycles[number] + timing.LOAD_SETUP
        slices = [cycle for cycle in run.slices if first <= cycle <= run.ends[number]]
        assert slices == list(range(first + each, first + each * len(slices) + 1, each))
        assert len(slices) == 2 * config.largest_m // config.update_lanes
    assert run.words() == run.expected


def test_with_results_blocked_two_tiles_are_taken_and_the_third_waits(build, rng):
    tiles = [tile_of(rng, TINY, SPARSE) for _ in range(4)]
    dut, last = device(build, TINY), []
    ports, layout, traffic = dut.arguments, layouts.update(TINY), dut.arguments["traffic"]
    commands = Source(dut, traffic.commands, [script.packed(layout, **tile.command) for tile in tiles])
    operands = Source(dut, traffic.operands, [line for tile in tiles for line in update.lines(TINY, tile)])

    def watch(now):
        ports["rates"].next = update.rates_word(RATES)
        if now == 200:
            last.append((dut.read(traffic.results.valid), dut.read(ports["busy"]), dut.read(traffic.commands.ready)))

    dut.run(commands, operands, Referee(traffic.results), watch, until=lambda: last, limit=202)
    assert last == [(1, 1, 0)] and len(commands.cycles) == 2
    assert len(operands.cycles) == sum(len(update.lines(TINY, tile)) for tile in tiles[:2])


@pytest.mark.parametrize("stall", ["none", "often"])
def test_it_is_busy_from_a_command_to_the_last_word(build, rng, stall):
    run = Run(build, TINY, [tile_of(rng, TINY, kind) for kind in (SPARSE, DENSE, REDUCE)], ("none", stall, stall))
    busy = [now for now, is_busy in enumerate(run.busy) if is_busy]
    want = [
        now
        for start, cycles in zip(run.commands.cycles, run.cycles(), strict=True)
        for now in range(start + 1, cycles[-1] + 1)
    ]
    assert busy == want and len(run.commands.cycles) == 3


def test_a_word_is_offered_before_anyone_is_ready_for_it(build, rng):
    run = Run(build, TINY, [tile_of(rng, TINY, kind) for kind in (SPARSE, SPARSE, DENSE)], shy=True)
    assert run.words() == run.expected


@pytest.mark.parametrize("when", [3, 40, 70, 90])
def test_after_a_reset_nothing_is_left_of_what_was_under_way(build, rng, when):
    """The reset comes while lines come in, while slices are in the lanes, while rows are reduced, while words leave."""
    layout, old, new = layouts.update(TINY), tile_of(rng, TINY, SPARSE, 3), tile_of(rng, TINY, dict(SPARSE, n=1))
    steady = dict(traffic_results_ready=1, rates=update.rates_word(RATES))

    def entries_of(tile):
        command = dict(steady, traffic_commands_valid=1, traffic_commands_data=script.packed(layout, **tile.command))
        return [command] + [
            dict(steady, traffic_operands_valid=1, traffic_operands_data=line) for line in update.lines(TINY, tile)
        ]

    lost = (entries_of(old) + [steady] * 80)[:when]
    entries = lost + [dict(steady, rst=1)] + entries_of(new) + [steady] * 100
    got = script.play(device(build, TINY), entries, "traffic_results_valid", "traffic_results_data")
    moved = [
        data
        for now, (valid, data) in enumerate(zip(got["traffic_results_valid"], got["traffic_results_data"], strict=True))
        if valid and now > when
    ]
    assert moved == update.cut(TINY, new.command, update.rows(TINY, new, RATES)) and len(moved) == 38
