"""When an update's tile loads, computes and stores, after the tiles before it."""

from typing import NamedTuple, Self

from rtl import timing
from tlm.span import Span
from tlm.update import UpdateProgram, UpdateTile


class UpdateTimes(NamedTuple):
    """What the parts of an update tile's transaction take, in cycles; slices from its first one to its load's end."""

    load: int
    slices: int
    store: int

    @classmethod
    def of(cls, program: UpdateProgram, tile: UpdateTile) -> Self:
        """Those of a tile."""
        return cls(
            timing.LOAD_SETUP + program.read_cycles(tile),
            program.lines(tile) - program.slice_lines,
            timing.STORE_SETUP + program.write_cycles(tile),
        )


class UpdateState(NamedTuple):
    """The times that matter to an update's next tile: two banks for what a tile gives, the one used next first."""

    load_end: int = 0
    banks: tuple[int, int] = (0, 0)
    store_end: int = 0

    def after(self, tile: UpdateTimes) -> tuple[Self, Span]:
        """The state after a tile, and the tile's times: its slices enter as its lines come."""
        load_start = max(self.load_end, self.banks[0])
        load_end = load_start + tile.load
        store_end = max(self.store_end, load_end + 1 + timing.UPDATE_LAG) + tile.store
        return (
            UpdateState(load_end, (self.banks[1], store_end), store_end),
            Span(load_start, load_end, load_end - tile.slices, load_end + 1, store_end),
        )

    def since(self) -> tuple[int, Self]:
        """A time, and the state as it is from there; what comes does not tell states apart that are equal then."""
        now = self.load_end
        first = max(self.banks[0] - now, 0)
        return now, UpdateState(0, (first, max(self.banks[1] - now, first)), self.store_end - now)
