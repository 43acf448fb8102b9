"""The host's side of a run: operands become messages, mailboxes become a result and a report."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from cosim.accelerators import device_of, kind_of
from cosim.exchange import Report
from cosim.harness.messages import STAMP_BITS, STAMPS, ToHost, beats_per_message, lines_per_message
from tlm.timeline import lengths, simulate
from tlm.transactions import Program


def _join(lines: np.ndarray, width: int) -> int:
    """Lines as one number, the first in the low bits."""
    return sum(int.from_bytes(line.tobytes(), "little") << i * width for i, line in enumerate(lines))


class Host:
    """Sends a program's tiles, and collects the device's results and times."""

    def __init__(self, program: Program, operands: Any):
        self.program, self.config, self.device = program, program.config, device_of(program.config)
        kind = kind_of(program)
        if kind.codec is None:
            raise ValueError(f"a {type(program).__name__} has no codec for a device")
        self.codec, self.updating = kind.codec, kind.updating
        self.constants = self.codec.constants(operands)
        self.tiles = list(program.tiles())
        self.blocks = [tile for tile in self.tiles if tile.last]
        self.messages = self._messages(operands)
        self.received: list[np.ndarray] = []  # beats of the result port
        self.expected_beats = sum(map(program.beats, self.blocks))
        self.tile_ends: list[int] = []
        self.store_ends: list[int] = []
        self.counters, self.overflow = (0, 0, 0), False

    @property
    def limit(self) -> int:
        """Cycles after which the run is a failure: twice the model's, and some for programs of a few."""
        return 2 * simulate(self.program).cycles + 1000

    @property
    def done(self) -> bool:
        return (
            len(self.received) == self.expected_beats
            and len(self.tile_ends) == len(self.tiles)
            and len(self.store_ends) == len(self.blocks)
        )

    def _messages(self, operands: Any) -> Iterator[dict[str, int]]:
        """Field values of each message (cosim.harness.messages.ToDevice)."""
        most, width = lines_per_message(self.config), self.device.line_bits
        encode = self.codec.encoder(self.program, operands)
        for number, tile in enumerate(self.tiles, 1):
            lines = encode(tile)
            delays = self._delays(tile)
            for start in range(0, len(lines), most):
                part = lines[start : start + most]
                complete = start + most >= len(lines)
                yield dict(
                    lines=_join(part, width),
                    count=len(part),
                    complete=complete,
                    ended=complete and number == len(self.tiles),
                    **delays,
                )

    def _delays(self, tile: Any) -> dict[str, int]:
        """The tile's command, the beats of its store, and how long memory lets loads and stores wait, beyond a cycle a
        beat."""
        program = self.program
        return dict(
            command=self.codec.command(program, tile),
            beats=program.beats(tile),
            read_delay=program.read_cycles(tile) - program.lines(tile),
            write_delay=program.write_cycles(tile) - program.beats(tile),
        )

    def collect(self, device_out: ToHost) -> None:
        """Read the mailboxes, whose content is new."""
        found = _split(int(device_out.results), beats_per_message(self.config), self.device.result_bits)
        self.received += [np.frombuffer(word, "<u4") for word in found[: int(device_out.result_count)][::-1]]
        for ends, content, count in (
            (self.tile_ends, device_out.tile_ends, device_out.tile_count),
            (self.store_ends, device_out.store_ends, device_out.store_count),
        ):
            stamps = _split(int(content), STAMPS, STAMP_BITS)
            ends += [int.from_bytes(stamp, "little") for stamp in stamps[: int(count)][::-1]]
        self.counters = int(device_out.busy), int(device_out.waiting), int(device_out.idle)
        self.overflow = bool(device_out.overflow)

    def result(self) -> Any:
        """c (M, N) of a GEMM, or an update's Updated."""
        return self.codec.result(self.program, np.stack(self.received).astype(np.uint32, copy=False))

    def report(self) -> Report:
        """The cycles by the device's own counters and strobes."""
        busy, waiting, idle = self.counters
        ends = self.tile_ends[:-1] + self.store_ends[-1:]
        return Report(self.store_ends[-1], lengths(ends), self.store_ends, busy, waiting, idle, self.overflow)


def _split(content: int, count: int, width: int) -> list[bytes]:
    """The entries of a mailbox, the newest first."""
    size = width // 8
    data = content.to_bytes(count * size, "little")
    return [data[i : i + size] for i in range(0, len(data), size)]
