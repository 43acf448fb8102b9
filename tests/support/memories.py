"""Off-chip memories beside a configuration's constant rates, which all that asks a memory must work with."""

import math
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from tlm.memory import BUFFER_LATENCY, ConstantRates, Count, Memory


@dataclass(frozen=True)
class BurstMemory(Memory):
    """A DRAM: a transaction waits, then moves whole bursts, and pays for each row of cells that it opens.

    latency, miss  cycles before the first burst, and to open a row
    burst, row     bytes of a burst, which takes a cycle, and of a row
    A transaction begins with a row of its own.
    """

    buffer_bytes: int = 1024
    latency: int = 6
    burst: int = 16
    row: int = 128
    miss: int = 9

    def read(self, beats: int, size: float) -> int:
        return self._cycles(beats, size) if size else BUFFER_LATENCY + beats

    def write(self, beats: int, size: float) -> int:
        return self._cycles(beats, size)

    def _cycles(self, beats: int, size: float) -> int:
        return self.latency + max(beats, math.ceil(size / self.burst)) + math.ceil(size / self.row) * self.miss

    def reads_at_least(self, reads: Count, beats: Count, size: Count, off_chip: Count | None = None) -> Count:
        if off_chip is None:
            return np.maximum(beats, size / self.burst)
        return off_chip * self.latency + np.maximum(beats, size / self.burst) + size / self.row * self.miss

    def writes_at_least(self, writes: Count, beats: Count, size: Count) -> Count:
        return writes * self.latency + np.maximum(beats, size / self.burst) + size / self.row * self.miss


@dataclass(frozen=True)
class IdealMemory(Memory):
    """A beat a cycle, without latency or buffer: a memory that states no bounds of its own."""

    buffer_bytes: int = 0

    def read(self, beats: int, size: float) -> int:
        return beats

    def write(self, beats: int, size: float) -> int:
        return beats


BURST = BurstMemory()
LATENCIES = st.sampled_from([0, 1, 5, 40])
RATES = st.sampled_from([1 / 64, 0.1, 0.75, 4.0, 32.0])
BUFFERS = st.sampled_from([0, 1024, 4096])
MEMORIES = st.one_of(
    st.builds(ConstantRates, BUFFERS, LATENCIES, RATES, RATES),
    st.builds(
        BurstMemory,
        BUFFERS,
        LATENCIES,
        st.sampled_from([4, 16, 64]),
        st.sampled_from([64, 96, 1024]),
        st.sampled_from([0, 3, 30]),
    ),
    st.just(IdealMemory()),
)
