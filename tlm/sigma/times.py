"""When a tile loads, computes and stores on SIGMA, after the tiles before it."""

from typing import NamedTuple

from rtl.sigma import timing
from tlm.span import Span


class SigmaTimes(NamedTuple):
    """The parts of a tile's transaction, in cycles.

    release, finish  from its last step until its banks are free, and until its sums stand
    """

    load: int
    steps: int
    release: int
    finish: int
    store: int
    first: bool
    last: bool


class SigmaState(NamedTuple):
    """The times that matter to the next tile: two banks of records, two sets of sums, one read and one write channel.

    Of each two, when the one that is used next is free comes first.

    A tile that loads streamed words finds their bank free: its last user is older than that of its bank of records.
    """

    load_end: int = 0
    banks: tuple[int, int] = (0, 0)
    compute_end: int = 0
    sums: tuple[int, int] = (0, 0)
    store_end: int = 0

    def after(self, times: SigmaTimes) -> tuple["SigmaState", Span]:
        """The state after a tile, and when its parts happen.

        A load needs the read channel and a free bank. Compute needs its operands, and sums that have been stored. A
        store needs the write channel and finished sums.
        """
        sums, store_end = self.sums, self.store_end
        load_start = max(self.load_end, self.banks[0])
        load_end = load_start + times.load
        start = max(self.compute_end, load_end + timing.START_SETUP, sums[0] + timing.START_SETUP if times.first else 0)
        compute_end = start + times.steps
        released = compute_end + times.release
        if times.last:
            store_end = max(store_end, compute_end + times.finish) + times.store
            sums = sums[1], store_end
        state = SigmaState(load_end, (self.banks[1], released), compute_end, sums, store_end)
        return state, Span(load_start, load_end, start, compute_end, store_end if times.last else None)

    def normalised(self) -> tuple[int, "SigmaState"]:
        """The last step's end, and the state counted from it.

        A time that no later tile has to wait for is raised to the latest such one: states of the same future are equal.
        """
        now = self.compute_end
        load_end = max(self.load_end, self.banks[0]) - now
        banks = load_end, max(self.banks[1] - now, load_end)
        first, second = (max(free - now, -timing.START_SETUP) for free in self.sums)
        return now, SigmaState(load_end, banks, 0, (first, second), max(self.store_end - now, 0))
