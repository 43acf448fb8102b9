"""Random configurations and mappings of SIGMA, from a generator of NumPy."""

import numpy as np

from rtl.sigma.config import SigmaConfig
from tlm.sigma.mapping import SigmaMapping


def any_config(rng: np.random.Generator) -> SigmaConfig:
    """A small SIGMA of any shape, with any memory."""
    lanes = int(rng.choice([2, 4, 8, 16]))
    return SigmaConfig(
        engines=int(rng.integers(1, 5)),
        lanes=lanes,
        results=int(rng.integers(2, lanes + 1)),
        rows=int(rng.integers(1, 20)),
        columns=int(rng.integers(8, 40)),
        operands=str(rng.choice(["fp16", "bf16"])),
        memory_latency=int(rng.choice([0, 1, 5, 40])),
        read_bytes_per_cycle=float(rng.choice([0.5, 8, 64, 1e6])),
        write_bytes_per_cycle=float(rng.choice([0.5, 8, 1e6])),
        buffer_kib=int(rng.choice([0, 1, 1000])),
    )


def any_mapping(rng: np.random.Generator, config: SigmaConfig) -> SigmaMapping | str | None:
    """A mapping of any kind that fits."""
    stationary = str(rng.choice(["mk", "kn"]))
    rows, columns = (int(rng.integers(1, largest + 1)) for largest in (config.rows, config.columns))
    small = SigmaMapping(stationary, rows, columns, str(rng.choice(["rows", "columns"])))
    return [None, stationary, small][rng.integers(3)]
