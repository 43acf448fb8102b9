"""When a GEMM's tile loads, computes and stores on SAT, after the tiles before it."""

from typing import NamedTuple

from rtl.sat import timing
from tlm.sat.dataflow import Stationary
from tlm.span import Span


class GemmTimes(NamedTuple):
    """The parts of a tile's transaction, in cycles.

    release, drain   from its last step until its bank is free, and until its sums stand
    stationary       of weights that stay; None: sums do
    mode             (weight-stationary, row skew): it changes only when nothing is under way
    """

    load: int
    steps: int
    release: int
    drain: int
    store: int
    first: bool
    last: bool
    mode: tuple[bool, int]
    stationary: Stationary | None


class GemmState(NamedTuple):
    """The times that matter to a GEMM's next tile: two operand banks, two sets of sums, one read and one write channel.

    banks, sums    when each is free, the one that is used next first
    weights_end    where weights are stationary: when the last ones had all been sent
    mode           that of the last tile; None before the first one
    """

    load_end: int = 0
    banks: tuple[int, int] = (0, 0)
    start: int = 0
    compute_end: int = 0
    sums: tuple[int, int] = (0, 0)
    store_end: int = 0
    weights_end: int | None = None
    mode: tuple[bool, int] | None = None

    def after(self, times: GemmTimes) -> tuple["GemmState", Span]:
        """The state after a tile, and when its parts happen.

        A load needs the read channel and a bank that the tile before the last has left (rtl/sat/control/loader.py).
        Compute needs its operands, and sums that have been stored; where weights are stationary, also weights in the
        array, and the sums of the tile before (dispatcher.py, whose `ready` and `weights_start` each are one of the
        lines below: what holds in a cycle there is the time from which it holds here). A store needs the write channel
        and finished sums (drain.py).
        """
        sums, weights_end, store_end = self.sums, self.weights_end, self.store_end
        load_start = max(self.load_end, self.banks[0])
        load_end = load_start + times.load
        ready = load_end + timing.START_SETUP
        if self.mode != times.mode and self.mode:  # only when nothing is under way
            ready, weights_end = max(ready, max(sums) + timing.START_SETUP), None
        if times.stationary:
            sending, lead, turnaround = times.stationary
            weights_start, back = ready, 0
            if weights_end is not None:  # the elements' other bank is free, too
                weights_start = max(ready, weights_end, self.start + timing.START_SETUP)
                back = self.start + turnaround
            weights_end = weights_start + sending
            ready = max(weights_start + lead, back)
        start = max(self.compute_end, ready, sums[0] + timing.START_SETUP if times.first else 0)
        compute_end = start + times.steps
        if times.last:
            store_end = max(store_end, compute_end + times.drain) + times.store
            sums = sums[1], store_end
        banks = self.banks[1], compute_end + times.release
        state = GemmState(
            load_end=load_end,
            banks=banks,
            start=start,
            compute_end=compute_end,
            sums=sums,
            store_end=store_end,
            weights_end=weights_end,
            mode=times.mode,
        )
        return state, Span(load_start, load_end, start, compute_end, store_end if times.last else None)

    def normalised(self) -> tuple[int, "GemmState"]:
        """The last step's end, and the state counted from it.

        A time that no later tile has to wait for is raised to the latest such one: states of the same future are equal.
        """
        now = self.compute_end
        load_end = max(self.load_end, self.banks[0]) - now
        first, second = (max(free - now, -timing.START_SETUP) for free in self.sums)
        state = GemmState(
            load_end=load_end,
            banks=(load_end, max(self.banks[1] - now, load_end)),
            start=self.start - now,
            compute_end=0,
            sums=(first, second),
            store_end=max(self.store_end - now, 0),
            weights_end=None if self.weights_end is None else self.weights_end - now,
            mode=self.mode,
        )
        return now, state
