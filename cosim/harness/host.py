"""The host's side of a run in MyHDL: operands become messages, mailboxes become a result and a report."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from cosim.exchange import Report
from cosim.harness.job import Counters, Job
from cosim.harness.messages import STAMP_BITS, STAMPS, ToHost, beats_per_message, lines_per_message
from tlm.transactions import Program


def _join(lines: np.ndarray, width: int) -> int:
    """Lines as one number, the first in the low bits."""
    return sum(int.from_bytes(line.tobytes(), "little") << i * width for i, line in enumerate(lines))


class Host(Job):
    """Sends a program's tiles, and collects the device's results and times."""

    def __init__(self, program: Program, operands: Any):
        super().__init__(program, operands)
        self.messages = self._messages()
        self.received: list[np.ndarray] = []  # beats of the result port
        self.tile_ends: list[int] = []
        self.store_ends: list[int] = []
        self.counters = Counters(0, 0, 0, False)

    @property
    def done(self) -> bool:
        return (
            len(self.received) == self.expected_beats
            and len(self.tile_ends) == len(self.tiles)
            and len(self.store_ends) == len(self.blocks)
        )

    def _messages(self) -> Iterator[dict[str, int]]:
        """Field values of each message (cosim.harness.messages.ToDevice)."""
        most, width = lines_per_message(self.config), self.device.line_bits
        for lines, command, beats, read_delay, write_delay, last in self.transfers():
            for start in range(0, len(lines), most):
                part = lines[start : start + most]
                complete = start + most >= len(lines)
                yield dict(
                    lines=_join(part, width),
                    count=len(part),
                    complete=complete,
                    ended=complete and last,
                    command=command,
                    beats=beats,
                    read_delay=read_delay,
                    write_delay=write_delay,
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
        counts = int(device_out.busy), int(device_out.waiting), int(device_out.idle)
        self.counters = Counters(*counts, bool(device_out.overflow))

    def result(self) -> Any:
        """c (M, N) of a GEMM, or an update's Updated."""
        return self.decoded(np.stack(self.received).astype(np.uint32, copy=False))

    def report(self) -> Report:
        """The cycles by the device's own counters and strobes."""
        return self.reported(self.tile_ends, self.store_ends, self.counters)


def _split(content: int, count: int, width: int) -> list[bytes]:
    """The entries of a mailbox, the newest first."""
    size = width // 8
    data = content.to_bytes(count * size, "little")
    return [data[i : i + size] for i in range(0, len(data), size)]
