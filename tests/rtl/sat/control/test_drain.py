"""drain: finished blocks out, row by row, while the array's drain chain and its memories are played by the test."""

from dataclasses import dataclass, field

from rtl.golden import fp32_to_fp16
from rtl.sat import layouts, timing
from rtl.sat.config import SatConfig
from rtl.sat.control.drain import drain
from tests.support import floats
from tests.support.script import packed
from tests.support.stream_suite import Record, Sent, StreamSuite
from tests.support.streams import Referee, Sink

CONFIGS = {
    "3x2": SatConfig(rows=3, columns=2, chunk=16),
    "1x3": SatConfig(rows=1, columns=3, interleave=5, chunk=16),
    "2x1": SatConfig(rows=2, columns=1, interleave=8, chunk=16),
    "6x1": SatConfig(rows=6, columns=1, interleave=1, chunk=16),
}


@dataclass
class Block:
    """A finished block: how much of it holds columns, where its sums are, and these: sums[slot][row] is a word."""

    rows: int
    slots: int
    half: int
    weights: int
    sums: list[list[int]]

    def results(self, columns):
        """The words that must leave."""
        return [self.word(self.sums[slot][row], columns) for slot in range(self.slots) for row in range(self.rows)]

    def word(self, word, columns):
        if not self.half:
            return word
        return sum(fp32_to_fp16(word >> 32 * c & 0xFFFFFFFF) << 32 * c for c in range(columns))


def random_blocks(rng, config, count):
    """Some in the accumulators of the array's rows, some in the memories, which take a bank's beats of rows."""
    blocks, weights = [], rng.sample([0, 1] * count, count)
    for number in range(count):
        most = config.chunk // 4 if weights[number] else config.rows
        values = floats.random_singles(floats.numpy_of(rng), config.interleave * most * config.columns).tolist()
        each = iter(values)
        sums = [
            [sum(next(each) << 32 * c for c in range(config.columns)) for _ in range(most)]
            for _ in range(config.interleave)
        ]
        whole = number % 3 == 0
        blocks.append(
            Block(
                most if whole else rng.randrange(1, most + 1),
                config.interleave if whole else rng.randrange(1, config.interleave + 1),
                number % 2,
                weights[number],
                sums,
            )
        )
    return blocks


@dataclass
class Array:
    """Finishes blocks at given cycles, not before the set before last is stored, and plays the drain chain."""

    dut: object
    config: SatConfig
    blocks: list[Block]
    at: list[int]
    record: Record = field(default_factory=Record)
    finished: int = 0
    chain: list = field(default_factory=list)

    def __call__(self, now):
        ports, read = self.dut.ports, self.dut.read
        if read(ports["blocks_stored"]):
            self.record.stored.append(now)
        if len(self.record.stored) < len(self.blocks):
            self._leave(self.blocks[len(self.record.stored)], now)
        number = self.finished
        finishes = number < len(self.blocks) and now >= self.at[number] and number < len(self.record.stored) + 2
        ports["blocks_finished"].next = finishes
        if finishes:
            self._hold_command(ports)
            self.finished += 1

    def _leave(self, block, now):
        """Hand the drain what it asks for: the chain moves on, or the memories show the word of an address."""
        ports, read, config = self.dut.ports, self.dut.read, self.config
        load, shift, fetch = (read(ports[f"drain_{name}"]) for name in ("load", "shift", "read"))
        assert not (load or shift if block.weights else fetch), "the wrong place to drain"
        if load:
            number = layouts.slot(config).unpack(read(ports["drain_slot"]))
            assert number["set"] == len(self.record.stored) % 2, "the wrong set of accumulators"
            self.chain = list(block.sums[number["place"]])
        elif shift:
            self.chain = [*self.chain[1:], 0]
        elif fetch:
            assert read(ports["drain_set"]) == len(self.record.stored) % 2, "the wrong memory"
            row, slot = divmod(read(ports["drain_address"]), config.interleave)
            self.chain = [block.sums[slot][row] if row < len(block.sums[slot]) else 0]
        if load or fetch:
            assert read(ports["drain_memory"]) == block.weights
            self.record.fetch(now)
        if self.chain:
            ports["drained"].next = self.chain[0]

    def _hold_command(self, ports):
        layout, block, place = layouts.command(self.config), self.blocks[self.finished], self.finished % 2
        other = int(ports["blocks_commands"]) & (1 << layout.width) - 1 << (1 - place) * layout.width
        command = packed(layout, rows=block.rows, slots=block.slots, half=block.half, last=1, weights=block.weights)
        ports["blocks_commands"].next = other | command << place * layout.width


class TestStream(StreamSuite):
    CONFIGS, SETUP = CONFIGS, timing.STORE_SETUP

    def send(self, build, rng, config, at, stall="none", shy=False):
        dut, blocks = build(drain, config=config), random_blocks(rng, config, len(at))
        results = dut.arguments["results"]
        array, sink = Array(dut, config, blocks, at), Sink(dut, results, stall, shy)
        dut.run(array, sink, Referee(results), until=lambda: len(array.record.stored) == len(at), limit=3000)
        assert {block.weights for block in blocks} == {0, 1}
        return Sent([block.results(config.columns) for block in blocks], sink, array.record)
