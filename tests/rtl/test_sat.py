"""sat: whole GEMMs through its three streams, with stalls on each, bit for bit against the golden model."""
import numpy as np
import pytest

from rtl import sat as unit
from rtl import timing, words
from rtl.config import SatConfig
from rtl.golden import fp32_to_fp16, gemm
from rtl.sparsity import Sparsity
from tests.support import floats
from tests.support.array import command_of, lines_of, pruned
from tests.support.streams import STALLS, Referee, Sink, Source
from tlm import Gemm, schedule

PATIENCE = 40       # cycles of stalls for each word that moves, and much more than any run needs


class Run:
    """One program on one device: what it answered, and what it counted."""

    def __init__(self, build, config, gemm, a, b, stalls=("none", "none", "none")):
        self.program, self.ports = schedule(gemm, config), unit.ports(config)
        self.dut = dut = build(unit.sat, **self.ports, config=config)
        tiles = list(self.program.tiles())
        lines = [lines_of(self.program, tile, a, b) for tile in tiles]
        self.commands = Source(dut, self.ports["commands"], [command_of(self.program, t) for t in tiles], stalls[0])
        in_order = [line for of_tile in lines for line in of_tile.west + of_tile.north]
        self.operands = Source(dut, self.ports["operands"], in_order, stalls[1])
        self.sink = Sink(dut, self.ports["results"], stalls[2])
        self.blocks = [tile for tile in tiles if tile.last]
        self.steps = sum(map(self.program.steps, tiles))
        self.expected_words = sum(map(self.program.words, self.blocks))
        self.tile_ends, self.counts = [], []
        referees = [Referee(self.ports[name]) for name in ("commands", "operands", "results")]
        limit = PATIENCE * (len(self.operands.queue) + self.expected_words) + 20 * self.steps
        dut.run(self.commands, self.operands, self.sink, *referees, self._count, limit=limit,
                until=lambda: len(self.sink.words) == self.expected_words, reset=config.rows + config.columns)

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


def operands(rng, gemm, special=False):
    """Normal numbers of similar size, or subnormal ones with infinities in row 1 of a and a NaN in row 2; b pruned."""
    numbers = floats.numpy_of(rng)
    scale = 2.0 ** -15 if special else 1.0
    a, b = (numbers.standard_normal(shape) * scale for shape in ((gemm.m, gemm.k), (gemm.k, gemm.n)))
    if special:
        a[1, [0, -1]] = np.inf, -np.inf
        a[2, gemm.k // 2] = np.nan
    return a.astype(np.float16), pruned(b.astype(np.float16), gemm.sparsity)


def expected(gemm_, a, b):
    c = gemm(a, b).view(np.uint32)
    return np.vectorize(lambda x: fp32_to_fp16(int(x)), otypes=[np.uint32])(c) if gemm_.output == "fp16" else c


def check(build, rng, config, gemm_, stalls=("none",) * 3, special=False):
    a, b = operands(rng, gemm_, special)
    run = Run(build, config, gemm_, a, b, stalls)
    assert run.result().tolist() == expected(gemm_, a, b).tolist()
    return run


@pytest.mark.parametrize("result_stall", STALLS)
@pytest.mark.parametrize("operand_stall", STALLS)
def test_stalls_change_when_but_never_what(build, rng, operand_stall, result_stall):
    config = SatConfig(rows=2, columns=1, largest_m=8, chunk=16)
    run = check(build, rng, config, Gemm(5, 21, 6, Sparsity(2, 8)), (operand_stall, operand_stall, result_stall))
    assert len(run.sink.words) == run.expected_words == 5 * 6


@pytest.mark.parametrize("rows, columns, interleave, largest_m, sparsity, m, k, n, output", [
    (1, 1, 4, 4, None, 2, 18, 5, "fp32"),
    (1, 1, 5, 8, "2:8", 2, 20, 5, "fp16"),
    (1, 2, 4, 16, None, 2, 17, 11, "fp16"),
    (2, 3, 4, 4, "1:4", 3, 33, 14, "fp32"),
    (2, 3, 6, 8, "4:8", 4, 16, 20, "fp16"),
    (2, 3, 8, 16, "4:16", 2, 40, 24, "fp32"),
    (4, 4, 4, 16, None, 5, 19, 17, "fp32"),
    (4, 4, 4, 16, "2:8", 4, 35, 16, "fp16"),
])
def test_a_gemm_has_the_bits_of_golden_on_every_array(
        build, rng, rows, columns, interleave, largest_m, sparsity, m, k, n, output):
    config = SatConfig(rows=rows, columns=columns, interleave=interleave, largest_m=largest_m, chunk=16)
    check(build, rng, config, Gemm(m, k, n, Sparsity.parse(sparsity), output), ("rare", "rare", "rare"))


@pytest.mark.parametrize("sparsity", [None, "2:8", "1:16"])
def test_infinities_nan_and_subnormals_go_through_pruned_weights_too(build, rng, sparsity):
    config = SatConfig(rows=2, columns=2, chunk=32)
    run = check(build, rng, config, Gemm(4, 20, 8, Sparsity.parse(sparsity)), special=True)
    c = run.result().view(np.float32)
    assert np.isfinite(c[[0, 3]]).all() and (c[[0, 3]] != 0).any()
    assert np.isnan(c[1]).any() and np.isnan(c[2]).all()


def test_busy_waiting_and_idle_add_up_to_the_cycles_since_reset(build, rng):
    config = SatConfig(rows=2, columns=2, largest_m=4, chunk=16)
    run = check(build, rng, config, Gemm(4, 40, 16), ("often", "often", "often"))
    assert [sum(counts) for counts in run.counts] == list(range(len(run.counts)))
    busy, waiting, idle = run.counts[-1]
    assert busy == run.steps == 2 * 2 * 40 * 4
    assert waiting > 0
    assert idle == run.commands.cycles[0]


def test_a_tile_is_done_at_its_last_step(build, rng):
    config = SatConfig(rows=2, columns=2, largest_m=4, chunk=16)
    run = check(build, rng, config, Gemm(2, 36, 8))
    ends = run.tile_ends
    assert len(ends) == 3
    assert [busy for busy, _, _ in (run.counts[end] for end in ends)] == [63, 127, 143]
    first = run.operands.cycles[4 + 16 - 1] + 1 + timing.START_SETUP     # the cycle after a full bank, and its set-up
    assert ends == [first + 63, first + 127, first + 143]


def test_the_first_result_comes_when_drain_and_set_up_are_over(build, rng):
    config = SatConfig(rows=3, columns=2, largest_m=4, chunk=16)
    run = check(build, rng, config, Gemm(3, 8, 8))
    (end,) = run.tile_ends
    first = end + 1 + timing.drain_lag(3, 2) + timing.STORE_SETUP
    assert run.sink.cycles == list(range(first, first + run.expected_words))


def test_the_ports_are_as_wide_as_the_words(rng):
    config = SatConfig(rows=3, columns=2, chunk=16)
    ports = unit.ports(config)
    assert len(ports["commands"].data) == words.command(config).width
    assert len(ports["operands"].data) == words.line_bits(config)
    assert len(ports["results"].data) == 64
