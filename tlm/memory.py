"""Off-chip memory: a transaction waits a start latency, then moves bytes at a rate; one word a cycle at most."""

import math

BUFFER_LATENCY = 4  # cycles before the first word that comes from the on-chip buffer


def transaction(words: int, size: float, rate: float, latency: int) -> int:
    """Cycles of one read or write.

    words    words at the accelerator's port, which takes one per cycle
    size     bytes in memory; rate bytes per cycle; latency cycles before the first byte
    """
    return latency + max(words, math.ceil(size / rate))
