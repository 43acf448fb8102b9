"""The converted Verilog, compiled by Verilator: two states instead of four, and hundreds of times as fast as Icarus."""

import ctypes
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from cosim.accelerators import device_of
from cosim.engines.engine import Engine
from cosim.engines.harness_verilog import check_paths
from cosim.engines.verilator.library import Library, Piece, Results, library
from cosim.exchange import Report
from cosim.harness.job import Counters, Job, Transfer
from cosim.harness.simulation import SimulationError
from rtl.config import Config
from tlm.memory import Memory
from tlm.transactions import Program

DONE, HUNGRY, PAUSED, STANDS_STILL, RUNS_ON, FAILED = range(6)  # as in simulation.cc
PAUSE = 0.2  # seconds after which Python looks for signals, such as that of Ctrl-C
PIECE_BYTES = 1 << 22  # of the operand lines that are handed over at a time
LARGEST_SEED = 2**31 - 1


class VerilatorEngine(Engine):
    """Simulates the Verilog with two states: a register that is not reset has a value, where Icarus has an x.

    waves     VCD file to write (of the last run)
    keep      folder that keeps the generated Verilog
    verilog   folder whose Verilog is simulated instead of newly generated
    initial   seed of the values that registers and memories start from; None: they start from zeros
    Raises ValueError for an accelerator without RTL, and ToolMissing.
    """

    name = "verilator"
    piece_size = 20 * Engine.piece_size  # a fraction of a second

    def __init__(
        self,
        config: Config,
        *,
        waves: Path | None = None,
        keep: Path | None = None,
        verilog: Path | None = None,
        initial: int | None = None,
        memory: Memory | None = None,
    ):
        super().__init__(config, memory)
        device_of(config)
        check_paths(waves=waves, keep=keep, verilog=verilog)
        if initial is not None and (type(initial) is not int or not 0 < initial <= LARGEST_SEED):
            raise ValueError(f"initial must be a seed from 1 to {LARGEST_SEED}, not {initial!r}")
        self.waves, self.initial = waves and Path(waves).resolve(), initial
        self.library = library(config, bool(waves), keep and Path(keep), verilog and Path(verilog))

    def _run(self, program: Program, operands: Any) -> tuple[Any, Report]:
        job = Job(program, operands)
        with Device(self.library, job, self.initial, self.waves) as device:
            device.simulate()
        return job.decoded(device.beats), job.reported(
            device.tile_ends.tolist(), device.store_ends.tolist(), device.counters
        )


class Device:
    """A simulated device with one job, within a `with` block."""

    def __init__(self, library: Library, job: Job, initial: int | None, waves: Path | None):
        self.library, self.job, self.initial, self.waves = library, job, initial, waves
        self.beats = np.empty((job.expected_beats, job.device.result_bits // 32), np.uint32)
        self.tile_ends, self.store_ends = np.empty(len(job.tiles), np.int64), np.empty(len(job.blocks), np.int64)
        arrays = self.beats, self.tile_ends, self.store_ends
        self.results = Results(*(array.ctypes.data for array in arrays), *(len(array) for array in arrays))

    def __enter__(self) -> Self:
        device, size = self.job.device, -(-(self.job.device.constants_bits or 0) // 8)
        self.handle = self.library.open(
            self.initial or 0,
            self.job.constants.to_bytes(size, "little"),
            self.job.updating,
            device.reset_cycles,
            os.fsencode(self.waves) if self.waves else b"",
        )
        if self.handle is None:
            raise SimulationError(self._said())
        return self

    def __exit__(self, *_: object) -> None:
        self.library.close(self.handle)

    def _said(self) -> str:
        return f"the simulation ended by itself: {self.library.said().decode(errors='replace')}"

    @property
    def counters(self) -> Counters:
        """The device's own, as they were last collected."""
        counts = self.results
        return Counters(counts.busy, counts.waiting, counts.idle, bool(counts.overflow))

    def simulate(self) -> None:
        """Run until everything has come back. Raises SimulationError for a device that stands still, or runs on."""
        pieces, limit, status = self._pieces(), self.job.limit, HUNGRY
        while status in (HUNGRY, PAUSED):
            if status == HUNGRY:
                if (piece := next(pieces, None)) is None:
                    break
                self.library.feed(self.handle, piece)
            status = self.library.run(self.handle, self.results, limit, PAUSE)
        if status == FAILED:
            raise SimulationError(self._said())
        got = self.results.beat_count, self.results.tile_count, self.results.store_count
        if status != DONE or got != (self.results.most_beats, self.results.most_tiles, self.results.most_stores):
            raise SimulationError(self.job.failed(status != RUNS_ON, self.results.cycle, self.results.tile_count))

    def _pieces(self) -> Iterator[Piece]:
        """The job's transfers, as many at a time as are handed over at once."""
        transfers: list[Transfer] = []
        size = 0
        for transfer in self.job.transfers():
            transfers.append(transfer)
            size += transfer.lines.nbytes
            if size > PIECE_BYTES or transfer.last:
                yield from self._piece(transfers)
                transfers, size = [], 0

    def _piece(self, transfers: Sequence[Transfer]) -> Iterator[Piece]:
        """The transfers as one piece, whose arrays stay until the next one is asked for."""
        size = -(-self.job.device.command_bits // 8)
        commands = b"".join(transfer.command.to_bytes(size, "little") for transfer in transfers)
        arrays = (
            np.concatenate([transfer.lines for transfer in transfers]),
            np.array([len(transfer.lines) for transfer in transfers], np.int64),
            np.frombuffer(commands, np.uint8),
            *(
                np.array([getattr(transfer, name) for transfer in transfers], np.uint32)
                for name in ("read_delay", "write_delay", "beats")
            ),
        )
        yield Piece(len(transfers), transfers[-1].last, *(ctypes.c_void_p(array.ctypes.data) for array in arrays))
