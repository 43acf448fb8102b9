"""A long list of tiles told in short: equal stretches of it once, with how often they come."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Run:
    """Parts one after another, and all of them again, `count` times. A part is a Run or a tile; where it stands for
    several, these take the same cycles, but for their places are the same tile, and the first of them is given."""

    parts: tuple[Any, ...]
    count: int = 1

    def total(self, of: Callable[[Any], float], known: dict[int, float] | None = None) -> float:
        """The sum of `of(tile)` over all tiles."""
        known = {} if known is None else known
        if id(self) not in known:
            known[id(self)] = self.count * sum(
                part.total(of, known) if isinstance(part, Run) else of(part) for part in self.parts
            )
        return known[id(self)]


def stretches(kinds: np.ndarray) -> Iterator[tuple[int, int]]:
    """(first, count) of each stretch of equal neighbours."""
    edges = np.flatnonzero(kinds[1:] != kinds[:-1]) + 1
    bounds = [0, *edges.tolist(), len(kinds)]
    return ((first, end - first) for first, end in zip(bounds, bounds[1:]))


def places(total: int, size: int) -> np.ndarray:
    """Kinds of the tiles along a dimension: the first one, those between, and the last one, which may be smaller."""
    kinds = np.zeros(-(-total // size), np.int64)
    kinds[-1] += 1
    kinds[0] += 2
    return kinds
