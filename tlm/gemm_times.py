"""When a GEMM's tile loads, computes and stores on SAT, after the tiles before it."""

from typing import NamedTuple, Self

from rtl import timing
from tlm.program import Program, Tile
from tlm.span import Span


class GemmTimes(NamedTuple):
    """What the parts of a tile's transaction take, in cycles.

    release, drain   from its last step until its bank is free, and until its sums stand
    sending, leading, turnaround  of stationary weights: how long they are sent to the array, how much later its steps
                     may begin, and from a tile's first step to the next one's; None: weights do not stay
    mode             what changes only when nothing is under way
    """

    load: int
    steps: int
    release: int
    drain: int
    store: int
    first: bool
    last: bool
    mode: tuple[bool, int]
    stationary: tuple[int, int, int] | None

    @classmethod
    def of(cls, program: Program, tile: Tile) -> Self:
        """Those of a tile."""
        (rows, columns), hop = (program.config.rows, program.config.columns), program.hop(tile)
        store = timing.STORE_SETUP + program.write_cycles(tile) if tile.last else 0
        stationary = (rows * hop, timing.lead(rows), timing.turnaround(rows, hop)) if tile.weights else None
        return cls(
            timing.LOAD_SETUP + program.read_cycles(tile),
            program.steps(tile),
            timing.release_lag(rows, columns, hop),
            timing.drain_lag(rows, columns, hop),
            store,
            tile.first,
            tile.last,
            (tile.weights, hop),
            stationary,
        )


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

    def after(self, tile: GemmTimes) -> tuple[Self, Span]:
        """The state after a tile, and the tile's times.

        A load needs the read channel and a bank that the tile before the last has left. Compute needs its operands, and
        sums that have been stored; where weights are stationary, also weights in the array, and the sums of the tile
        before. A store needs the write channel and finished sums.
        """
        sums, weights_end, store_end = self.sums, self.weights_end, self.store_end
        load_start = max(self.load_end, self.banks[0])
        load_end = load_start + tile.load
        ready = load_end + timing.START_SETUP
        if self.mode != tile.mode and self.mode:  # only when nothing is under way
            ready, weights_end = max(ready, max(sums) + timing.START_SETUP), None
        if tile.stationary:
            sending, leading, turnaround = tile.stationary
            weights_start, back = ready, 0
            if weights_end is not None:  # the elements' other bank is free, too
                weights_start = max(ready, weights_end, self.start + timing.START_SETUP)
                back = self.start + turnaround
            weights_end = weights_start + sending
            ready = max(weights_start + leading, back)
        start = max(self.compute_end, ready, sums[0] + timing.START_SETUP if tile.first else 0)
        compute_end = start + tile.steps
        if tile.last:
            store_end = max(store_end, compute_end + tile.drain) + tile.store
            sums = sums[1], store_end
        state = GemmState(
            load_end,
            (self.banks[1], compute_end + tile.release),
            start,
            compute_end,
            sums,
            store_end,
            weights_end,
            tile.mode,
        )
        return state, Span(load_start, load_end, start, compute_end, store_end if tile.last else None)

    def since(self) -> tuple[int, Self]:
        """A time, and the state as it is from there; what comes does not tell states apart that are equal then."""
        now = self.compute_end
        load_end = max(self.load_end, self.banks[0]) - now
        banks = load_end, max(self.banks[1] - now, load_end)
        sums = tuple(max(free - now, -timing.START_SETUP) for free in self.sums)
        weights_end = None if self.weights_end is None else self.weights_end - now
        return now, GemmState(
            load_end, banks, self.start - now, 0, sums, max(self.store_end - now, 0), weights_end, self.mode
        )
