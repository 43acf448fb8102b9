"""block_drain: finished blocks out, a column a word, while the accumulators are played by the test."""

from dataclasses import dataclass, field

import pytest

from rtl.golden import fp32_to_fp16
from rtl.sigma import layouts, timing
from rtl.sigma.config import SigmaConfig
from rtl.sigma.control.block_drain import block_drain
from tests.support import floats
from tests.support.script import packed
from tests.support.stream_suite import Record, Sent, StreamSuite
from tests.support.streams import Referee, Sink
from tests.support.update import packed as side_by_side

CONFIGS = {
    f"{rows}x{columns}": SigmaConfig(engines=1, lanes=2, results=2, rows=rows, columns=columns)
    for rows, columns in [(3, 8), (1, 11), (6, 16), (40, 8)]
}
every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
INFINITY = 0x7F800000


@dataclass
class Block:
    """A finished block: sums[column][row] of all accumulators, those beyond its rows too."""

    rows: int
    half: int
    sums: list[list[int]]

    def results(self):
        """The words that must leave."""
        return [side_by_side(map(fp32_to_fp16, column) if self.half else column, 32) for column in self.sums]


def random_block(rng, config, half, columns=None):
    columns = rng.randrange(1, config.columns + 1) if columns is None else columns
    values = iter(floats.random_singles(floats.numpy_of(rng), columns * config.rows).tolist())
    sums = [[next(values) for _ in range(config.rows)] for _ in range(columns)]
    finite = [[word & 0x7F7FFFFF | word & 0x80000000 for word in column] for column in sums]
    return Block(rng.randrange(1, config.rows + 1), half, finite)


def random_blocks(rng, config, count):
    """The largest, one of a single column, and others; FP32 and FP16 in turn."""
    sizes = [config.columns, 1, *[None] * (count - 2)]
    return [random_block(rng, config, number % 2, size) for number, size in enumerate(sizes)]


@dataclass
class Accumulators:
    """Finishes blocks at given cycles, but has two sets of sums only; and brings what is fetched a cycle later."""

    dut: object
    config: SigmaConfig
    blocks: list[Block]
    at: list[int]
    finished: int = 0
    commands: int = 0
    record: Record = field(default_factory=Record)
    fetches: int = 0

    def __call__(self, now):
        ports, read = self.dut.ports, self.dut.read
        if read(ports["drain_read"]):
            number, column = len(self.record.stored), read(ports["drain_column"])
            assert number < self.finished and read(ports["drain_set"]) == number % 2, "the wrong set of sums"
            self.record.fetch(now)
            self.fetches += 1
            ports["drained"].next = side_by_side(self.blocks[number].sums[column], 32)
        if read(ports["stored"]):
            self.record.stored.append(now)
        number = self.finished
        finishes = number < len(self.blocks) and now >= self.at[number] and number < len(self.record.stored) + 2
        ports["blocks_finished"].next = finishes
        if finishes:
            block, width = self.blocks[number], layouts.command(self.config).width
            command = packed(layouts.command(self.config), columns=len(block.sums), rows=block.rows, half=block.half)
            kept = self.commands >> (1 - number % 2) * width & (1 << width) - 1
            self.commands = kept << (1 - number % 2) * width | command << number % 2 * width
            ports["blocks_commands"].next = self.commands
            self.finished += 1


def run(build, config, blocks, at=None, stall="none", shy=False):
    dut = build(block_drain, config=config)
    results, overflows = dut.arguments["results"], []
    around = Accumulators(dut, config, blocks, at or [0] * len(blocks))
    sink = Sink(dut, results, stall, shy)
    dut.run(
        around,
        sink,
        Referee(results),
        lambda now: overflows.append(dut.read(dut.ports["overflow"])),
        limit=3000,
        until=lambda: len(around.record.stored) == len(blocks),
    )
    assert sink.words == [word for block in blocks for word in block.results()]
    return around, sink, overflows


class TestStream(StreamSuite):
    CONFIGS, SETUP = CONFIGS, timing.STORE_SETUP

    def send(self, build, rng, config, at, stall="none", shy=False):
        blocks = random_blocks(rng, config, len(at))
        around, sink, overflows = run(build, config, blocks, at, stall, shy)
        assert not any(overflows)
        return Sent([block.results() for block in blocks], sink, around.record)


def test_a_block_of_one_column_fetches_once(build, rng):
    config = CONFIGS["3x8"]
    around, sink, _ = run(build, config, [random_block(rng, config, 0, 1) for _ in range(6)], stall="rare")
    assert around.fetches == len(sink.words) == 6


@every_config
@pytest.mark.parametrize("special", [INFINITY, 0xFF800000, 0x7FC00000])
def test_what_is_not_finite_and_leaves_as_fp32_is_an_overflow_until_reset(build, rng, config, special):
    blocks = random_blocks(rng, config, 4)
    block = blocks[2]
    block.sums[-1][block.rows - 1] = special
    _, sink, overflows = run(build, config, blocks, stall="often")
    offered = overflows.index(1)
    count = sum(len(other.sums) for other in blocks[:3])
    assert sink.cycles[count - 2] < offered <= sink.cycles[count - 1]  # with the word itself
    assert all(overflows[offered:])


@every_config
def test_neither_fp16_results_nor_accumulators_beyond_the_blocks_rows_count_as_overflow(build, rng, config):
    blocks = random_blocks(rng, config, 4)
    for block in blocks:
        rows = range(config.rows) if block.half else range(block.rows, config.rows)
        for row in rows:
            block.sums[-1][row] = INFINITY
    assert any(block.half for block in blocks)
    _, _, overflows = run(build, config, blocks)
    assert not any(overflows)
