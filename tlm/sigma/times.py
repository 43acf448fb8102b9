"""When a tile loads, computes and stores on SIGMA, after the tiles before it."""

from typing import NamedTuple, Self

from rtl.sigma import timing
from tlm.sigma.program import SigmaProgram, SigmaTile
from tlm.span import Span


class SigmaTimes(NamedTuple):
    """What the parts of a tile's transaction take, in cycles.

    release, finish  from its last step until its banks are free, and until its sums stand
    """

    load: int
    steps: int
    release: int
    finish: int
    store: int
    first: bool
    last: bool

    @classmethod
    def of(cls, program: SigmaProgram, tile: SigmaTile) -> Self:
        """Those of a tile."""
        format_and_levels = program.config.operands, program.config.levels
        store = timing.STORE_SETUP + program.write_cycles(tile) if tile.last else 0
        return cls(
            timing.LOAD_SETUP + program.read_cycles(tile),
            program.steps(tile),
            timing.release_lag(*format_and_levels),
            timing.finish_lag(*format_and_levels),
            store,
            tile.first,
            tile.last,
        )


class SigmaState(NamedTuple):
    """The times that matter to the next tile: two banks of records, two sets of sums, one read and one write channel.

    Of each two, when the one that is used next is free comes first.

    A tile that opens a bank of streamed words finds it free: its last user is older than that of its bank of records.
    """

    load_end: int = 0
    banks: tuple[int, int] = (0, 0)
    compute_end: int = 0
    sums: tuple[int, int] = (0, 0)
    store_end: int = 0

    def after(self, tile: SigmaTimes) -> tuple[Self, Span]:
        """The state after a tile, and the tile's times.

        A load needs the read channel and a free bank. Compute needs its operands, and sums that have been stored. A
        store needs the write channel and finished sums.
        """
        sums, store_end = self.sums, self.store_end
        load_start = max(self.load_end, self.banks[0])
        load_end = load_start + tile.load
        start = max(self.compute_end, load_end + timing.START_SETUP, sums[0] + timing.START_SETUP if tile.first else 0)
        compute_end = start + tile.steps
        released = compute_end + tile.release
        if tile.last:
            store_end = max(store_end, compute_end + tile.finish) + tile.store
            sums = sums[1], store_end
        state = SigmaState(load_end, (self.banks[1], released), compute_end, sums, store_end)
        return state, Span(load_start, load_end, start, compute_end, store_end if tile.last else None)

    def since(self) -> tuple[int, Self]:
        """A time, and the state as it is from there; what comes does not tell states apart that are equal then."""
        now = self.compute_end
        load_end = max(self.load_end, self.banks[0]) - now
        banks = load_end, max(self.banks[1] - now, load_end)
        sums = tuple(max(free - now, -timing.START_SETUP) for free in self.sums)
        return now, SigmaState(load_end, banks, 0, sums, max(self.store_end - now, 0))
