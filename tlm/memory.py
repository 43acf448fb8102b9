"""Off-chip memory with its on-chip buffer: how many clock cycles a read or a write takes.

The one place that knows: times of tiles, traffic, schedulers and the host of a co-simulation ask a Memory.
"""

import math
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Self

import numpy as np

from rtl.config import Config
from tlm.size import check_size

BUFFER_LATENCY = 4  # cycles before the first line that comes from the on-chip buffer: assumed, of an FPGA's block RAM
LEAST_RATE = 2.0**-64  # slower, the cycles of a transaction would be no float any more

Count = int | float | np.ndarray  # a number, or one for each of many mappings


class Memory(ABC):
    """The memory side of an accelerator's ports.

    A transaction's cycles depend on its beats and bytes alone, neither on its address nor on when it starts: tiles of
    one shape take one time, so that a timeline can tell a long program in short. A port takes a beat a cycle, so
    a transaction never takes fewer cycles than it has beats. Memories are frozen and equal by value.
    """

    buffer_bytes: int  # of the on-chip operand buffer

    @abstractmethod
    def read(self, beats: int, size: float) -> int:
        """Cycles of a load of `beats` operand lines that moves `size` bytes off-chip; 0 bytes: all from the buffer."""

    @abstractmethod
    def write(self, beats: int, size: float) -> int:
        """Cycles of a store of `beats` words of the result port, `size` bytes in memory."""

    def reads_at_least(self, reads: Count, beats: Count, size: Count, off_chip: Count | None = None) -> Count:
        """A lower bound on the cycles of so many reads, one after another.

        beats, size  of all of them: operand lines, and bytes that are moved off-chip
        off_chip     how many of the reads move any; None: that is not known
        """
        return beats

    def writes_at_least(self, writes: Count, beats: Count, size: Count) -> Count:
        """A lower bound on the cycles of so many writes, one after another; beats and bytes of all of them."""
        return beats


@dataclass(frozen=True)
class ConstantRates(Memory):
    """Each transaction waits a start latency, in cycles, and then moves bytes at a constant rate, in bytes a cycle."""

    buffer_bytes: int
    latency: int
    read_rate: float
    write_rate: float

    def __post_init__(self):
        _check_count("buffer_bytes", self.buffer_bytes)
        check_size("latency of a memory", self.latency, least=0)
        for name in ("read_rate", "write_rate"):
            rate = getattr(self, name)
            if type(rate) not in (int, float) or not LEAST_RATE <= rate <= sys.float_info.max:
                raise ValueError(f"{name} of a memory must be bytes a cycle, a float from 2^-64 on, not {rate!r}")

    @classmethod
    def of(cls, config: Config) -> Self:
        """The memory that a configuration describes."""
        return cls(
            1024 * config.buffer_kib, config.memory_latency, config.read_bytes_per_cycle, config.write_bytes_per_cycle
        )

    def read(self, beats: int, size: float) -> int:
        return (self.latency if size else BUFFER_LATENCY) + max(beats, math.ceil(size / self.read_rate))

    def write(self, beats: int, size: float) -> int:
        return self.latency + max(beats, math.ceil(size / self.write_rate))

    def reads_at_least(self, reads: Count, beats: Count, size: Count, off_chip: Count | None = None) -> Count:
        # The sum of the larger of two is at least the larger of both sums; so is a sum of numbers rounded up.
        moving = np.maximum(beats, size / self.read_rate)
        if off_chip is None:
            return reads * min(BUFFER_LATENCY, self.latency) + moving
        return off_chip * self.latency + (reads - off_chip) * BUFFER_LATENCY + moving

    def writes_at_least(self, writes: Count, beats: Count, size: Count) -> Count:
        return writes * self.latency + np.maximum(beats, size / self.write_rate)


def _check_count(name: str, count: object) -> None:
    if type(count) is not int or count < 0:
        raise ValueError(f"{name} of a memory must be an int from 0 on, not {count!r}")


def memory_of(config: Config, memory: Memory | None = None) -> Memory:
    """The memory that is given, or, without one, the memory that a configuration describes. Raises ValueError."""
    if memory is None:
        return ConstantRates.of(config)
    check_memory(memory)
    return memory


def check_memory(memory: Memory) -> None:
    """Raise ValueError for what is no memory, cannot be told from others by value, or has no size of its buffer."""
    if not isinstance(memory, Memory):
        raise ValueError(f"memory must be a tlm.memory.Memory, not {memory!r}")
    try:
        hash(memory)
    except TypeError:
        raise ValueError(f"memory must be frozen, and hashable by value, not {memory!r}") from None
    _check_count("buffer_bytes", getattr(memory, "buffer_bytes", None))
