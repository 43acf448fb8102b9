"""When an update's tile loads, computes and stores, after the tiles before it."""

from typing import NamedTuple

from rtl.sat import timing
from tlm.span import Span


class UpdateTimes(NamedTuple):
    """The parts of an update tile's transaction, in cycles; slices: from its first one to its load's end."""

    load: int
    slices: int
    store: int


class UpdateState(NamedTuple):
    """The times that matter to an update's next tile: two banks for a tile's results, the one used next first."""

    load_end: int = 0
    banks: tuple[int, int] = (0, 0)
    store_end: int = 0

    def after(self, times: UpdateTimes) -> tuple["UpdateState", Span]:
        """The state after a tile, and when its parts happen: its slices enter as its lines come."""
        load_start = max(self.load_end, self.banks[0])
        load_end = load_start + times.load
        store_end = max(self.store_end, load_end + 1 + timing.UPDATE_LAG) + times.store
        return (
            UpdateState(load_end, (self.banks[1], store_end), store_end),
            Span(load_start, load_end, load_end - times.slices, load_end + 1, store_end),
        )

    def normalised(self) -> tuple[int, "UpdateState"]:
        """The last load's end, and the state counted from it.

        A time that no later tile has to wait for is raised to the latest such one: states of the same future are equal.
        """
        now = self.load_end
        first = max(self.banks[0] - now, 0)
        return now, UpdateState(0, (first, max(self.banks[1] - now, first)), self.store_end - now)
