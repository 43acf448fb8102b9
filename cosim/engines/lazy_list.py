"""A list that is worked out when somebody looks at it."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any


class LazyList(Sequence):
    """The list that `make` gives at the first look; equal to a list, or another LazyList, of equal items."""

    def __init__(self, make: Callable[[], list]):
        self._make = make

    @cached_property
    def _items(self) -> list:
        return self._make()

    def __getitem__(self, place: int | slice) -> Any:
        return self._items[place]

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        return self._items == list(other) if isinstance(other, (list, LazyList)) else NotImplemented

    def __repr__(self) -> str:
        return repr(self._items)
