"""Partitions of lanes into runs, and products worth adding."""

import numpy as np

from tests.support import floats
from tests.support.update import packed


def cut(lanes: int, cuts: int) -> list[int]:
    """Runs without an idle lane: bit k of `cuts` is a boundary between the lanes k and k + 1."""
    return [(cuts & (1 << lane) - 1).bit_count() for lane in range(lanes)]


def partition(rng, lanes: int, boundaries: float | None = None, idle: float = 0.2) -> list[int | None]:
    """Random runs with IDs below `lanes` in any order; of the runs the share `idle` is none, but a gap."""
    boundaries = rng.choice([0.05, 0.2, 0.5, 0.9]) if boundaries is None else boundaries
    runs = cut(lanes, sum((rng.random() < boundaries) << k for k in range(lanes - 1)))
    return renamed(rng, runs, idle)


def renamed(rng, runs: list[int], idle: float) -> list[int | None]:
    """The same runs with other IDs below the number of lanes, some of them gaps."""
    names = rng.sample(range(len(runs)), len(runs))
    gaps = {name for name in runs if rng.random() < idle}
    return [None if name in gaps else names[name] for name in runs]


def normal(numbers: np.random.Generator, shape) -> np.ndarray:
    """float32 of any sign, half of them of one size, the others not, and each fifth a zero, as an unused lane has."""
    spread = np.where(numbers.random(shape) < 1 / 2, 0, numbers.integers(-30, 30, shape))
    values = (numbers.standard_normal(shape) * 2.0**spread).astype(np.float32)
    return np.where(numbers.random(shape) < 1 / 5, np.float32(0), values)


def cancelling(numbers: np.random.Generator, shape) -> np.ndarray:
    """A few magnitudes of both signs: most sums lose places, and many are zero."""
    values = numbers.choice(np.array([0, 1, 3, 2.0**24, 2.0**-126], np.float32), shape)
    return values * numbers.choice(np.array([1, -1], np.float32), shape)


def special(numbers: np.random.Generator, shape) -> np.ndarray:
    """Each class of FP32 among normal numbers: infinities, NaN, subnormals, both zeros."""
    classes = np.array(floats.FP32_CLASSES, np.uint32).view(np.float32)
    return np.where(numbers.random(shape) < 1 / 6, numbers.choice(classes, shape), normal(numbers, shape))


KINDS = {kind.__name__: kind for kind in (normal, cancelling, special)}


def together(runs, first, last):
    """Whether two lanes exist and are of one run."""
    return first >= 0 and last < len(runs) and runs[first] == runs[last] is not None


def spans_of(runs):
    """The block fan_spans' output `spans`."""
    lanes = len(runs)
    rows = [
        packed([together(runs, i - 1, i - 1 + 2**j) for i in range(lanes + 1)], 1)
        for j in range(lanes.bit_length() - 1)
    ]
    return packed(rows, lanes + 1)
