"""A long list of tiles told in short: a stretch of equal ones once, with how often it comes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Repeat:
    """`parts` one after another, and all of them again, `count` times.

    A part is a Repeat or a tile. A tile that stands for several is the first of them: they take the same cycles, and
    differ in their places alone. Repeats are equal to themselves alone, so that one which is met again is known.
    """

    parts: tuple[Any, ...]
    count: int = 1

    def total(self, of: Callable[[Any], float]) -> Any:
        """The sum of `of(tile)` over all tiles."""
        known: dict[Repeat, float] = {}

        def sum_of(part: Any) -> float:
            if not isinstance(part, Repeat):
                return of(part)
            if part not in known:
                known[part] = part.count * sum(map(sum_of, part.parts))
            return known[part]

        return sum_of(self)


def again(part: Any, count: int) -> Any:
    """The part so many times: itself, if once."""
    return part if count == 1 else Repeat((part,), count)


def stretches(kinds: np.ndarray) -> Iterator[tuple[int, int]]:
    """(first, count) of each stretch of equal neighbours of an int array (places,)."""
    edges = np.flatnonzero(kinds[1:] != kinds[:-1]) + 1
    bounds = [0, *edges.tolist(), len(kinds)]
    return ((first, end - first) for first, end in pairwise(bounds))


def places(total: int, size: int) -> np.ndarray:
    """Kinds of the tiles along a dimension: the first one, those between, and the last one, which may be smaller."""
    kinds = np.zeros(-(-total // size), np.int64)
    kinds[-1] += 1
    kinds[0] += 2
    return kinds
