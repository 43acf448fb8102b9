"""The host's side of a run: operands become messages, mailboxes become a result and a report."""
from collections.abc import Iterator

import numpy as np

from cosim.engine import Operands, Report
from cosim.messages import STAMP_BITS, STAMPS, ToHost, lines_per_message, words_per_message
from rtl import words
from rtl.config import BEAT, SatConfig
from rtl.golden import nm_compact
from tlm import Program, Tile, simulate
from tlm.timeline import lengths


def west_lines(program: Program, a: np.ndarray, tile: Tile) -> np.ndarray:
    """The tile's activations as operand lines: (lines, bytes) uint8, zeros beyond the operand.

    A row of the array takes the groups of one row of the result, from the bottom up, which is how sums leave; where
    weights are stationary, it takes one group of each row of the result.
    """
    config, elements = program.config, tile.depth_groups * tile.group
    block = np.zeros((max(config.rows, tile.rows), elements), np.float16)
    block[:tile.rows, :tile.depth] = a[tile.row:tile.row + tile.rows, tile.start:tile.start + tile.depth]
    if tile.weights:
        rows = np.zeros((config.rows, tile.rows, tile.group), np.float16)
        rows[:tile.depth_groups] = block[:tile.rows].reshape(tile.rows, -1, tile.group).transpose(1, 0, 2)
    else:
        rows = block[::-1]
    beats = rows.reshape(config.rows, tile.west_lines, BEAT).transpose(1, 0, 2)
    return _padded(np.ascontiguousarray(beats).reshape(tile.west_lines, -1).view(np.uint8), config)


def north_lines(program: Program, b: np.ndarray, tile: Tile) -> np.ndarray:
    """The tile's weights as operand lines: (lines, bytes) uint8. b is (K, N), pruned."""
    config, sparsity = program.config, program.gemm.sparsity
    depth = tile.depth if tile.tail < tile.values else tile.depth_groups * tile.group
    block = np.zeros((depth, config.tile_columns), np.float16)
    block[:tile.depth, :tile.columns] = b[tile.start:tile.start + tile.depth, tile.column:tile.column + tile.columns]
    if sparsity:
        values, indices = (x.reshape(-1, config.tile_columns) for x in nm_compact(block, sparsity.n, sparsity.m))
    else:
        values, indices = block, np.zeros(block.shape, np.int64)     # the hardware counts by itself
    # The result's column slot * columns + c is slot `slot` of the array's column c.
    packed = (values.view(np.uint16) | indices << 16).reshape(-1, config.interleave, config.columns)
    packed = np.ascontiguousarray(packed.transpose(0, 2, 1).astype("<u4"))
    bits = np.unpackbits(packed.view(np.uint8).reshape(*packed.shape, 4), axis=-1, bitorder="little")
    bits = bits[..., :words.weight(config).width].reshape(tile.north_lines, -1)
    return _padded(np.packbits(bits, axis=-1, bitorder="little"), config)


def _padded(lines: np.ndarray, config: SatConfig) -> np.ndarray:
    width = -(-words.line_bits(config) // 8)
    return np.pad(lines, ((0, 0), (0, width - lines.shape[1])))


def _join(lines: np.ndarray, width: int) -> int:
    """Lines as one number, the first in the low bits."""
    return sum(int.from_bytes(line.tobytes(), "little") << i * width for i, line in enumerate(lines))


class Host:
    """Sends a program's tiles, and collects what the device answers."""

    def __init__(self, program: Program, operands: Operands):
        self.program, self.config = program, program.config
        self.tiles = list(program.tiles())
        self.blocks = [tile for tile in self.tiles if tile.last]
        self.messages = self._messages(operands)
        self.words: list[np.ndarray] = []
        self.expected_words = sum(map(program.words, self.blocks))
        self.tile_ends: list[int] = []
        self.store_ends: list[int] = []
        self.counters = (0, 0, 0)

    @property
    def limit(self) -> int:
        """Cycles after which the run is a failure."""
        return 2 * simulate(self.program).cycles + 1000

    @property
    def done(self) -> bool:
        return (len(self.words) == self.expected_words and len(self.tile_ends) == len(self.tiles)
                and len(self.store_ends) == len(self.blocks))

    def _messages(self, operands: Operands) -> Iterator[dict[str, int]]:
        """Field values of each message (cosim.harness.ToDevice)."""
        program, most, width = self.program, lines_per_message(self.config), words.line_bits(self.config)
        for number, tile in enumerate(self.tiles, 1):
            lines = np.concatenate([west_lines(program, operands.a, tile), north_lines(program, operands.b, tile)])
            delays = self._delays(tile)
            for start in range(0, len(lines), most):
                part = lines[start:start + most]
                complete = start + most >= len(lines)
                yield dict(lines=_join(part, width), count=len(part), complete=complete,
                           ended=complete and number == len(self.tiles), **delays)

    def _delays(self, tile: Tile) -> dict[str, int]:
        program = self.program
        return dict(
            command=self._command(tile), words=program.words(tile),
            read_delay=program.read_cycles(tile) - program.lines(tile),
            write_delay=program.write_cycles(tile) - program.words(tile))

    def _command(self, tile: Tile) -> int:
        program = self.program
        return words.command(self.config).pack(
            west_lines=tile.west_lines, north_lines=tile.north_lines, groups=tile.groups, values=tile.values,
            tail=tile.tail, beats=tile.beats, sparse=program.gemm.sparsity is not None, first=tile.first,
            last=tile.last, rows=tile.rows, slots=program.slots(tile), half=program.gemm.output == "fp16",
            weights=tile.weights)

    def collect(self, device_out: ToHost) -> None:
        """Read the mailboxes, which hold something new."""
        config = self.config
        found = _split(int(device_out.results), words_per_message(config), 32 * config.columns)
        self.words += [np.frombuffer(word, "<u4") for word in found[:int(device_out.result_count)][::-1]]
        for ends, content, count in ((self.tile_ends, device_out.tile_ends, device_out.tile_count),
                                     (self.store_ends, device_out.store_ends, device_out.store_count)):
            stamps = _split(int(content), STAMPS, STAMP_BITS)
            ends += [int.from_bytes(stamp, "little") for stamp in stamps[:int(count)][::-1]]
        self.counters = int(device_out.busy), int(device_out.waiting), int(device_out.idle)

    def result(self) -> np.ndarray:
        """c (M, N), float32 or float16."""
        gemm, columns = self.program.gemm, self.config.columns
        c = np.empty((gemm.m, gemm.n), np.uint32)
        received = iter(self.words)
        for tile in self.blocks:
            for slot in range(self.program.slots(tile)):
                left = tile.column + slot * columns
                width = min(columns, tile.column + tile.columns - left)
                for row in range(tile.row, tile.row + tile.rows):
                    c[row, left:left + width] = next(received)[:width]
        return c.view(np.float32) if gemm.output == "fp32" else c.astype(np.uint16).view(np.float16)

    def report(self) -> Report:
        """What the device's own counters and strobes say."""
        busy, waiting, idle = self.counters
        ends = self.tile_ends[:-1] + self.store_ends[-1:]
        return Report(self.store_ends[-1], lengths(ends), self.store_ends, busy, waiting, idle)


def _split(content: int, count: int, width: int) -> list[bytes]:
    """The words of a mailbox, the newest first."""
    size = width // 8
    data = content.to_bytes(count * size, "little")
    return [data[i:i + size] for i in range(0, len(data), size)]
