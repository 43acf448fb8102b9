"""sigma: whole blocks through its three streams, with stalls on each, bit for bit; and the paper's walk-through."""

import numpy as np
import pytest

from cosim import Operands
from cosim.sigma import codec
from rtl.sigma import layouts, timing
from rtl.sigma import sigma as unit
from rtl.sigma.config import SigmaConfig
from tests.support import floats
from tests.support.sigma_tiles import (
    Block,
    Engine,
    Held,
    bits_of,
    patterns_of,
    random_blocks,
    random_held,
    random_operands,
)
from tests.support.streams import STALLS, Referee, Sink, Source
from tlm import Gemm
from tlm.sigma.program import schedule_sigma
from tlm.sigma.zeros import ExactZeros

pytestmark = pytest.mark.whole
SMALL = SigmaConfig(engines=2, lanes=4, results=2, rows=3, columns=8)
INFINITY = 0x7C00  # FP16


class Run:
    """Commands and lines on one device: what it answered, and what it counted."""

    def __init__(self, build, config, commands, lines, count, stalls=("none",) * 3, reset_at=None):
        self.reset, self.reset_at, self.stalls = timing.reset_cycles(config.operands, config.levels), reset_at, stalls
        self.ports, self.offered = unit.ports(config), (commands, lines)
        self.dut = build(unit.sigma, **self.ports, config=config)
        self.tile_ends, self.stored, self.counts, self.overflows, self.working = [], [], [], [], []
        self._connect()
        self.dut.run(
            self._step,
            limit=40 * (len(lines) + count + 20 * len(commands)),
            reset=self.reset,
            until=lambda: len(self.sink.words) == count and len(self.working) > self.sink.cycles[-1] + 2,
        )
        self.words, self.cycles = self.sink.words, self.sink.cycles

    def _connect(self):
        streams = [self.ports[name] for name in ("commands", "operands", "results")]
        self.commands, self.operands = (
            Source(self.dut, *each) for each in zip(streams[:2], self.offered, self.stalls[:2], strict=True)
        )
        self.sink, self.referees = Sink(self.dut, streams[2], self.stalls[2]), list(map(Referee, streams))

    def _step(self, now):
        for endpoint in (self.commands, self.operands, self.sink, *self.referees, self._count):
            endpoint(now)
        if self.reset_at is not None and 0 <= now - self.reset_at <= self.reset:
            self.ports["rst"].next = now - self.reset_at < self.reset
            self.ports["commands"].valid.next = self.ports["operands"].valid.next = False
            self._connect()  # all words are offered once more

    def _count(self, now):
        read = self.dut.read
        for name, cycles in (("tile_done", self.tile_ends), ("stored", self.stored)):
            if read(self.ports[name]):
                cycles.append(now)
        self.counts.append([read(self.ports[name]) for name in ("busy", "waiting", "idle")])
        self.overflows.append(read(self.ports["overflow"]))
        self.working.append(read(self.ports["working"]))


def check(build, config, blocks, **how):
    """Run blocks, and compare all bits of all words."""
    commands, lines, expected = (
        [word for block in blocks for word in of(block, config)] for of in (Block.commands, Block.lines, Block.results)
    )
    run = Run(build, config, commands, lines, len(expected), **how)
    assert run.words == expected
    assert len(expected) == sum(block.columns for block in blocks) > 0
    return run


def steps_of(blocks):
    """A tile takes its columns, or a turn."""
    return [max(block.columns, 5) for block in blocks for _ in block.commands(SMALL)]


@pytest.mark.parametrize("result_stall", STALLS)
@pytest.mark.parametrize("operand_stall", STALLS)
def test_stalls_change_when_but_never_what(build, rng, operand_stall, result_stall):
    blocks = random_blocks(rng, SMALL, [1, 2, 0, 1])
    run = check(build, SMALL, blocks, stalls=(operand_stall, operand_stall, result_stall))
    assert len(run.operands.cycles) == len(run.offered[1]) >= 28


@pytest.mark.parametrize(
    "config, chunks",
    [
        (SigmaConfig(engines=1, lanes=2, results=2, rows=1, columns=11), [3, 0, 2]),
        (SigmaConfig(engines=3, lanes=4, results=3, rows=7, columns=8, operands="bf16"), [2, 1]),
        (SigmaConfig(engines=2, lanes=8, results=4, rows=8, columns=9), [3, 2]),
    ],
    ids=["1x2", "3x4-bf16", "2x8"],
)
def test_blocks_have_the_bits_of_golden_on_every_flex_dpu_with_infinities_and_nan(build, rng, config, chunks):
    blocks = random_blocks(rng, config, chunks, special=0.03)
    run = check(build, config, blocks, stalls=("rare", "rare", "rare"))
    assert len(set(run.words)) > len(run.words) // 4


def letters(names, **values):
    """A matrix of the paper's letters, in float16; '-' is zero."""
    return np.array([[0 if name == "-" else values[name] for name in row] for row in names.split()], np.float16)


def test_the_papers_walk_through(build):
    """HPCA 2020, four multipliers a Flex-DPE: C is dropped, for its row of the streamed operand is empty; [A B D E] and
    [F G H I] stay, and the row of D, E and F spans both."""
    mk = letters("-ABC DEF- GHI-", **dict(zip("ABCDEFGHI", (2, 3, 1000, 5, 7, 11, 13, 17, 19), strict=True)))
    kn = letters("ab-c -de- f--g ----", **dict(zip("abcdefg", (1, -2, 3, 4, 5, -6, 8), strict=True)))
    first = Engine(patterns_of([2, 3, 5, 7], SMALL).tolist(), [1, 2, 0, 1], [0, 0, 1, 1], [0, 0, 1, 1], {0: 0, 1: 1})
    second = Engine(
        patterns_of([11, 13, 17, 19], SMALL).tolist(), [2, 0, 1, 2], [1, 2, 2, 2], [0, 1, 1, 1], {0: 1, 1: 2}
    )
    held = Held([first, second], [True], {0: (0, 0), 1: (1, 0), 2: (1, 1)})
    block = Block(3, 0, 4, [(patterns_of(kn.T, SMALL), [held])])
    run = check(build, SMALL, [block])
    assert run.words == list(map(bits_of, (mk.astype(np.float32) @ kn.astype(np.float32)).T))
    program = schedule_sigma(Gemm(3, 4, 4), SMALL, ExactZeros.of(mk, kn), "mk")
    (tile,) = program.tiles()
    assert tile.fold.values == 8
    assert [codec.command(program, tile)] == block.commands(SMALL)
    made = codec.encoder(program, Operands(mk, kn))(tile)
    assert [int.from_bytes(line.tobytes(), "little") for line in made] == block.lines(SMALL)


@pytest.mark.parametrize("stationary", ["mk", "kn"])
@pytest.mark.parametrize("operands", ["fp16", "bf16"])
def test_a_sparse_gemm_of_small_integers_is_what_numpy_says(build, rng, stationary, operands):
    """Integers whose sums are exact in any order: an authority that knows neither tree nor tiles."""
    config, numbers = SMALL.model_copy(update=dict(operands=operands)), floats.numpy_of(rng)
    kind = {"fp16": np.float16, "bf16": np.float32}[operands]
    a, b = (
        np.where(numbers.random(shape) < 0.5, 0, numbers.integers(-9, 10, shape)).astype(kind)
        for shape in ((5, 11), (11, 10))
    )
    sides = (a, b) if stationary == "mk" else (b.T, a.T)
    program = schedule_sigma(Gemm(5, 11, 10), config, ExactZeros.of(*sides), stationary)
    tiles = list(program.tiles())
    lines = [
        int.from_bytes(line.tobytes(), "little")
        for tile in tiles
        for line in codec.encoder(program, Operands(a, b))(tile)
    ]
    count = sum(program.beats(tile) for tile in tiles if tile.last)
    run = Run(build, config, [codec.command(program, tile) for tile in tiles], lines, count)
    received = [np.frombuffer(word.to_bytes(4 * config.rows, "little"), np.uint32) for word in run.words]
    assert np.array_equal(codec.result(program, np.stack(received)), a.astype(np.float32) @ b.astype(np.float32))
    assert len(tiles) > len(received) // 8 > 1


def test_busy_waiting_and_idle_add_up_to_the_cycles_since_reset(build, rng):
    blocks = random_blocks(rng, SMALL, [2, 1, 2])
    run = check(build, SMALL, blocks, stalls=("often", "often", "often"))
    assert [sum(counts) for counts in run.counts] == list(range(len(run.counts)))
    busy, waiting, idle = run.counts[run.cycles[-1]]
    assert busy == sum(steps_of(blocks)) and waiting > 0
    assert idle == run.commands.cycles[0]
    # Work ends with the last word: from then on cycles are idle.
    assert run.working == [int(idle <= cycle <= run.cycles[-1]) for cycle in range(len(run.working))]


def test_tiles_steps_and_words_come_when_the_promised_set_ups_and_lags_are_over(build, rng):
    """Three tiles share a chunk of eight columns, whose lines are loaded with the first one."""
    numbers = floats.numpy_of(rng)
    streamed = random_operands(numbers, (8, 4), SMALL)
    block = Block(3, 0, 8, [(streamed, [random_held(rng, numbers, SMALL) for _ in range(3)])])
    run = check(build, SMALL, [block])
    records = 2 * layouts.pieces(layouts.engine_record(SMALL), SMALL) + layouts.pieces(
        layouts.gather_record(SMALL), SMALL
    )
    assert run.commands.cycles[0] + timing.LOAD_SETUP == run.operands.cycles[0]
    first = run.operands.cycles[records + 8 - 1] + 1 + timing.START_SETUP
    assert run.operands.cycles[: records + 8] == list(range(run.operands.cycles[0], first - timing.START_SETUP))
    second = first + 8  # its records, three lines each, have been loaded meanwhile
    released = second + timing.release_lag("fp16", 2)  # of the first tile: its bank takes the third
    third = released + timing.LOAD_SETUP + records + timing.START_SETUP
    assert run.commands.cycles[2] == released
    assert run.tile_ends == [first + 7, second + 7, third + 7]
    word = third + 8 + timing.finish_lag("fp16", 2) + timing.STORE_SETUP
    assert run.cycles == list(range(word, word + 8)) and run.stored == [word + 7]


def test_a_bank_is_filled_again_just_behind_the_last_column_that_needs_it(build, rng):
    """By a tile whose one line is what is read last, and names no accumulator: a cycle early would show."""
    ones = Engine(patterns_of([1] * 4, SMALL).tolist(), [0, 1, 2, 3], [0] * 4, [0] * 4, {0: 0})
    held = Held([ones], [], dict.fromkeys(range(SMALL.rows), (0, 0)))
    streamed = patterns_of(floats.numpy_of(rng).integers(1, 100, (8, 4)), SMALL)
    run = check(build, SMALL, [*[Block(3, 0, 8, [(streamed, [held])])] * 2, Block(3, 0, 8, [])])
    assert layouts.pieces(layouts.gather_record(SMALL), SMALL) == 1
    assert run.commands.cycles[2] == run.tile_ends[0] + 1 + timing.release_lag("fp16", 2)
    assert 0 not in run.words[:16]


def test_a_block_is_stored_with_its_last_word(build, rng):
    blocks = random_blocks(rng, SMALL, [1, 1, 2, 0])
    run = check(build, SMALL, blocks, stalls=("none", "none", "often"))
    ends = [sum(block.columns for block in blocks[: number + 1]) - 1 for number in range(4)]
    assert run.stored == [run.cycles[end] for end in ends]


def test_only_fp32_results_within_a_blocks_rows_count_as_overflow(build):
    """An infinity first as FP16, then in an accumulator that the block has no row for, and at last as a result."""
    ones, idle = Engine(patterns_of([1] * 4, SMALL).tolist(), [0] * 4, [0] * 4, [0] * 4, {0: 0}), []
    blocks = [
        Block(
            rows,
            half,
            2,
            [(np.array([[word] * 4 for word in (0x3C00, INFINITY)], np.uint16), [Held([ones], idle, {2: (0, 0)})])],
        )
        for rows, half in ((3, 1), (2, 0), (3, 0))
    ]
    run = check(build, SMALL, blocks)
    assert [word >> 64 for word in run.words] == [0x4400, INFINITY, *[0x40800000, 0x7F800000] * 2]
    offered = run.overflows.index(1)
    assert run.cycles[-2] < offered <= run.cycles[-1] and all(run.overflows[offered:])


@pytest.mark.parametrize("share", [0.15, 0.85])
def test_a_reset_forgets_the_tiles_under_way_and_an_overflow(build, rng, share):
    """As long as it asks for, whatever is under way: what comes after it is a run like the first."""
    blocks = random_blocks(rng, SMALL, [2, 1, 1])
    everywhere = Engine(patterns_of([1] * 4, SMALL).tolist(), [0] * 4, [0] * 4, [0] * 4, {0: 0})
    blocks[0].chunks.append((np.full((8, 4), INFINITY, np.uint16), [Held([everywhere], [], {0: (0, 0)})]))
    fresh = check(build, SMALL, blocks)
    at = int(fresh.cycles[-1] * share)
    again = check(build, SMALL, blocks, reset_at=at)
    later = at + again.reset + 1
    assert again.tile_ends[-len(fresh.tile_ends) :] == [end + later for end in fresh.tile_ends]
    assert again.cycles == [cycle + later for cycle in fresh.cycles]
    assert again.overflows[later:] == fresh.overflows[: len(again.overflows) - later] and 1 in fresh.overflows


def test_the_ports_are_as_wide_as_the_words():
    ports, widths = unit.ports(SMALL), (layouts.command(SMALL).width, 64, 32 * SMALL.rows)
    assert tuple(len(ports[name].data) for name in ("commands", "operands", "results")) == widths
