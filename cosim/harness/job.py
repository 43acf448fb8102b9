"""A program on a device: what is sent for each tile, and what a finished run amounts to. Every simulator shares it."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from cosim.accelerators import device_of, kind_of
from cosim.exchange import Report
from tlm.timeline import lengths, simulate
from tlm.transactions import Program

LONGEST_DELAY = 2**32 - 1  # cycles, which the harness counts


class Transfer(NamedTuple):
    """What is sent for a tile.

    lines                    (lines, bytes) uint8, operand lines
    command                  the word for the command port
    beats                    of its store
    read_delay, write_delay  cycles that memory lets loads and stores wait, beyond a cycle a beat
    last                     no tile follows
    """

    lines: np.ndarray
    command: int
    beats: int
    read_delay: int
    write_delay: int
    last: bool


class Counters(NamedTuple):
    """The device's own: cycles by what it did, and whether an infinity or NaN has left as FP32."""

    busy: int
    waiting: int
    idle: int
    overflow: bool


class Job:
    """A program, and its operands as the device takes them. Raises ValueError for a program without a codec."""

    def __init__(self, program: Program, operands: Any):
        self.program, self.config, self.device = program, program.config, device_of(program.config)
        kind = kind_of(program)
        if kind.codec is None:
            raise ValueError(f"a {type(program).__name__} has no codec for a device")
        self.codec, self.updating, self.operands = kind.codec, kind.updating, operands
        self.constants = self.codec.constants(operands)
        self.tiles = list(program.tiles())
        self.blocks = [tile for tile in self.tiles if tile.last]
        self.expected_beats = sum(map(program.beats, self.blocks))

    @property
    def limit(self) -> int:
        """Cycles after which the run is a failure: twice the model's, and some for programs of a few."""
        return min(2 * simulate(self.program).cycles + 1000, 2**62)

    def transfers(self) -> Iterator[Transfer]:
        """What is sent for each tile."""
        program, encode = self.program, self.codec.encoder(self.program, self.operands)
        for number, tile in enumerate(self.tiles, 1):
            beats = program.beats(tile)
            delays = program.read_cycles(tile) - program.lines(tile), program.write_cycles(tile) - beats
            if max(delays) > LONGEST_DELAY:
                raise ValueError(f"memory may let a simulated tile wait {LONGEST_DELAY} cycles, not {max(delays)}")
            yield Transfer(
                encode(tile), self.codec.command(program, tile), beats, *delays, last=number == len(self.tiles)
            )

    def decoded(self, beats: np.ndarray) -> Any:
        """c (M, N) of a GEMM, or an update's Updated, from all beats of the result port, (beats, columns) uint32."""
        return self.codec.result(self.program, beats)

    @staticmethod
    def reported(tile_ends: Sequence[int], store_ends: Sequence[int], counters: Counters) -> Report:
        """The cycles by the device's own counters and strobes; ends are the cycles after a last step or word."""
        ends = [*tile_ends[:-1], *store_ends[-1:]]
        return Report(store_ends[-1], lengths(ends), list(store_ends), *counters)

    def failed(self, still: bool, cycle: int, tiles_done: int) -> str:
        """The text for a device that stands still, or runs on beyond its limit."""
        state = "stands still" if still else "still runs"
        return f"the device {state} at cycle {cycle}; {tiles_done} of {len(self.tiles)} tiles are done"
