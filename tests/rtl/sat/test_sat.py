"""sat: whole GEMMs through its three streams, with stalls on each, bit for bit against the golden model."""

import numpy as np
import pytest

from rtl.golden import fp32_to_fp16, gemm
from rtl.sat import layouts, timing
from rtl.sat import sat as unit
from rtl.sat.config import SatConfig
from rtl.sparsity import Sparsity
from tests.support import floats
from tests.support.array import command_of, lines_of, pruned
from tests.support.mixed import Mixed, mixed_program
from tests.support.streams import STALLS, Referee, Sink, Source
from tlm import Gemm, Mapping, schedule

pytestmark = pytest.mark.whole

PATIENCE = 40  # cycles of stalls for each word that moves, and much more than any run needs
both_dataflows = pytest.mark.parametrize("mapping", ["os", "ws"])


class Run:
    """One program on one device: what it answered, and what it counted."""

    def __init__(self, build, program, a, b, stalls=("none", "none", "none"), reset_at=None):
        config = program.config
        self.program, self.ports, self.stalls, self.reset_at = program, unit.ports(config), stalls, reset_at
        self.ports["update_clk"] = self.ports["clk"]
        self.dut = build(unit.sat, **self.ports, config=config)
        tiles = list(program.tiles())
        lines = [lines_of(program, tile, a, b) for tile in tiles]
        self.words = (
            [layouts.command(config).pack(**command_of(program, tile)) for tile in tiles],
            [line for of_tile in lines for line in of_tile.west + of_tile.north],
        )
        self.blocks = [tile for tile in tiles if tile.last]
        self.steps = sum(map(program.steps, tiles))
        self.expected_words = sum(map(program.beats, self.blocks))
        self.tile_ends, self.counts = [], []
        self._connect()
        hops = sum(tile.dataflow.row_skew(tile, config) for tile in tiles) * config.rows
        limit = PATIENCE * (len(self.words[1]) + self.expected_words) + 20 * self.steps + 2 * hops
        self.dut.run(
            self._step, limit=limit, until=lambda: len(self.sink.words) == self.expected_words, reset=reset_of(config)
        )

    def _connect(self):
        commands, operands, results = (self.ports[name] for name in ("commands", "operands", "results"))
        self.commands = Source(self.dut, commands, self.words[0], self.stalls[0])
        self.operands = Source(self.dut, operands, self.words[1], self.stalls[1])
        self.sink = Sink(self.dut, results, self.stalls[2])
        self.referees = [Referee(stream) for stream in (commands, operands, results)]

    def _step(self, now):
        for endpoint in (self.commands, self.operands, self.sink, *self.referees, self._count):
            endpoint(now)
        if self.reset_at is not None and 0 <= now - self.reset_at <= reset_of(self.program.config):
            self.ports["rst"].next = now - self.reset_at < reset_of(self.program.config)
            self.ports["commands"].valid.next = self.ports["operands"].valid.next = False
            self._connect()  # all words are offered once more

    def _count(self, now):
        if self.dut.read(self.ports["tile_done"]):
            self.tile_ends.append(now)
        self.counts.append([self.dut.read(self.ports[name]) for name in ("busy", "waiting", "idle")])

    def result(self):
        """c as FP32 patterns, or FP16 ones in the low half, put together by the place of each word."""
        gemm, columns, moved = self.program.gemm, self.program.config.columns, iter(self.sink.words)
        c = np.zeros((gemm.m, gemm.n), np.uint32)
        for tile in self.blocks:
            for slot in range(self.program.slots(tile)):
                for row in range(tile.row, tile.row + tile.rows):
                    word = next(moved)
                    for column in range(tile.column + slot * columns, tile.column + tile.columns)[:columns]:
                        lane = (column - tile.column) % columns
                        c[row, column] = word >> 32 * lane & 0xFFFFFFFF
        return c


def reset_of(config):
    return timing.reset_cycles(config.rows, config.columns, config.turn)


def operands(rng, gemm, special=False):
    """Normal numbers of similar size, or subnormal ones with infinities in row 1 of a and a NaN in row 2; b pruned."""
    numbers = floats.numpy_of(rng)
    scale = 2.0**-15 if special else 1.0
    a, b = (numbers.standard_normal(shape) * scale for shape in ((gemm.m, gemm.k), (gemm.k, gemm.n)))
    if special:
        a[1, [0, -1]] = np.inf, -np.inf
        a[2, gemm.k // 2] = np.nan
    return a.astype(np.float16), pruned(b.astype(np.float16), gemm.sparsity)


def expected(gemm_, a, b):
    c = gemm(a, b).view(np.uint32)
    return np.vectorize(lambda x: fp32_to_fp16(int(x)), otypes=[np.uint32])(c) if gemm_.output == "fp16" else c


def check(build, rng, config, gemm_, stalls=("none",) * 3, special=False, mapping="os"):
    """Run a GEMM, in a mapping or in a program with this GEMM, and compare all bits."""
    program = mapping if isinstance(mapping, Mixed) else schedule(gemm_, config, mapping)
    a, b = operands(rng, gemm_, special)
    run = Run(build, program, a, b, stalls)
    assert run.result().tolist() == expected(gemm_, a, b).tolist()
    return run


@both_dataflows
@pytest.mark.parametrize("result_stall", STALLS)
@pytest.mark.parametrize("operand_stall", STALLS)
def test_stalls_change_when_but_never_what(build, rng, operand_stall, result_stall, mapping):
    config = SatConfig(rows=2, columns=1, largest_m=8, chunk=16)
    stalls = operand_stall, operand_stall, result_stall
    run = check(build, rng, config, Gemm(5, 21, 6, Sparsity(2, 8)), stalls, mapping=mapping)
    assert len(run.sink.words) == run.expected_words == 5 * 6


@pytest.mark.parametrize(
    "rows, columns, interleave, largest_m, sparsity, m, k, n, output, mapping",
    [
        (1, 1, 4, 4, None, 2, 18, 5, "fp32", "os"),
        (1, 2, 1, 16, None, 2, 17, 5, "fp16", "os"),
        (2, 3, 4, 4, "1:4", 3, 33, 14, "fp32", "os"),
        (2, 3, 6, 8, "4:8", 4, 16, 20, "fp16", "os"),
        (4, 4, 4, 16, "2:8", 4, 35, 16, "fp16", "os"),
        (1, 1, 5, 8, "2:8", 2, 20, 5, "fp16", "ws"),
        (1, 2, 3, 16, None, 6, 17, 7, "fp16", "ws"),
        (2, 3, 8, 16, "4:16", 2, 40, 24, "fp32", "ws"),
        (5, 2, 4, 4, "1:4", 3, 33, 14, "fp32", "ws"),  # more rows than groups in a bank
        (4, 4, 1, 16, None, 5, 19, 5, "fp32", "ws"),
    ],
)
def test_a_gemm_has_the_bits_of_golden_on_every_array(
    build, rng, rows, columns, interleave, largest_m, sparsity, m, k, n, output, mapping
):
    config = SatConfig(rows=rows, columns=columns, interleave=interleave, largest_m=largest_m, chunk=16)
    gemm_ = Gemm(m, k, n, Sparsity.parse(sparsity), output)
    check(build, rng, config, gemm_, ("rare", "rare", "rare"), mapping=mapping)


@pytest.mark.parametrize("result_stall", ["none", "often"])
def test_the_dataflow_may_change_from_block_to_block(build, rng, result_stall):
    config, gemm_ = SatConfig(rows=3, columns=1, largest_m=8, chunk=16), Gemm(5, 28, 9, Sparsity(2, 8))
    turns = (("ws", 8), ("os", 16), ("os", 8), ("ws", 16))
    mixed = mixed_program(gemm_, config, Mapping("os", 2, 4, 16), turns)
    run = check(build, rng, config, gemm_, ("none", "rare", result_stall), mapping=mixed)
    assert [tile.dataflow.name for tile in run.blocks] == ["ws", "os", "os", "ws", "ws", "os", "os", "ws", "ws"]


@both_dataflows
@pytest.mark.parametrize("sparsity", [None, "2:8", "1:16"])
def test_infinities_nan_and_subnormals_go_through_pruned_weights_too(build, rng, sparsity, mapping):
    config = SatConfig(rows=2, columns=2, chunk=32)
    run = check(build, rng, config, Gemm(4, 20, 8, Sparsity.parse(sparsity)), special=True, mapping=mapping)
    c = run.result().view(np.float32)
    assert np.isfinite(c[[0, 3]]).all() and (c[[0, 3]] != 0).any()
    assert np.isnan(c[1]).any() and np.isnan(c[2]).all()


@both_dataflows
def test_busy_waiting_and_idle_add_up_to_the_cycles_since_reset(build, rng, mapping):
    config = SatConfig(rows=2, columns=2, largest_m=4, chunk=16)
    run = check(build, rng, config, Gemm(4, 40, 16), ("often", "often", "often"), mapping=mapping)
    assert [sum(counts) for counts in run.counts] == list(range(len(run.counts)))
    busy, waiting, idle = run.counts[-1]
    assert busy == run.steps == {"os": 2 * 2 * 40 * 4, "ws": 2 * 5 * 4 * 16}[mapping]
    assert waiting > 0
    assert idle == run.commands.cycles[0]


def test_a_tile_is_done_at_its_last_step(build, rng):
    config = SatConfig(rows=2, columns=2, largest_m=4, chunk=16)
    run = check(build, rng, config, Gemm(2, 36, 8))
    ends = run.tile_ends
    assert len(ends) == 3
    assert [busy for busy, _, _ in (run.counts[end] for end in ends)] == [63, 127, 143]
    first = run.operands.cycles[4 + 16 - 1] + 1 + timing.START_SETUP  # the cycle after a full bank, and its set-up
    assert ends == [first + 63, first + 127, first + 143]


def test_where_weights_are_stationary_a_tile_waits_for_the_first_sum_of_the_one_before(build, rng):
    config = SatConfig(rows=2, columns=2, largest_m=4, chunk=16)
    run = check(build, rng, config, Gemm(2, 24, 8), mapping="ws")
    loaded = run.operands.cycles[2 + 8 - 1] + 1 + timing.START_SETUP  # of 8 elements of k, for 2 rows of the result
    first = loaded + timing.lead(2)
    assert timing.turnaround(2, 16) == 38 > 32  # the steps of a tile
    assert run.tile_ends == [first + 31, first + 38 + 31, first + 2 * 38 + 31]


@pytest.mark.parametrize("mapping, hop", [("os", 1), ("ws", 16)])
def test_the_first_result_comes_when_drain_and_set_up_are_over(build, rng, mapping, hop):
    config = SatConfig(rows=3, columns=2, largest_m=4, chunk=16)
    run = check(build, rng, config, Gemm(3, 8, 8), mapping=mapping)
    (end,) = run.tile_ends
    first = end + 1 + timing.drain_lag(3, 2, hop) + timing.STORE_SETUP
    assert run.sink.cycles == list(range(first, first + run.expected_words))


@both_dataflows
@pytest.mark.parametrize("at", [45, 140])
def test_a_reset_forgets_the_tiles_under_way(build, rng, at, mapping):
    """As long as it asks for, wherever the controls are: what comes after it is a run like the first."""
    config = SatConfig(rows=3, columns=2, largest_m=4, chunk=16)
    program = schedule(Gemm(5, 24, 9, Sparsity(2, 4)), config, mapping)
    a, b = operands(rng, program.gemm)
    fresh, again = (Run(build, program, a, b, reset_at=reset_at) for reset_at in (None, at))
    assert again.result().tolist() == expected(program.gemm, a, b).tolist()
    later = at + reset_of(config) + 1
    assert again.tile_ends[-len(fresh.tile_ends) :] == [end + later for end in fresh.tile_ends]
    assert fresh.tile_ends[0] < 140 < fresh.tile_ends[-1]


def test_the_ports_are_as_wide_as_the_words(rng):
    config = SatConfig(rows=3, columns=2, chunk=16)
    ports = unit.ports(config)
    assert len(ports["commands"].data) == layouts.command(config).width + 1  # or an update
    assert len(ports["operands"].data) == layouts.line_bits(config)
    assert len(ports["results"].data) == 64
