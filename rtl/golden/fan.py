"""Golden model of SIGMA's forwarding adder network, FAN: the sum of each run of lanes, in the order of its tree."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from rtl.float.formats import FP32_NAN

MOST_LANES = 128


class Run(NamedTuple):
    """Consecutive lanes whose products make one sum, and the slot in which it comes out."""

    first: int
    last: int
    slot: int


class _Step(NamedTuple):
    """The adders of one level that add, and the first and last lane of each one's sum. All are index arrays."""

    adders: np.ndarray
    firsts: np.ndarray
    lasts: np.ndarray


def fan(products: np.ndarray, runs: Sequence[int | None]) -> tuple[np.ndarray, np.ndarray]:
    """Sum each run: one addition for each adder of the tree that lies inside it, each rounded to nearest even.

    products  (..., lanes) float32
    runs      the vecID of each lane, or None for an idle lane between two runs
    Returns   sums (..., lanes) float32, of each run in its slot, every NaN 0x7FC00000, elsewhere +0;
              and complete (lanes,) bool, which says where
    Raises ValueError for runs that the network cannot take (see `slots`), or another number of products.
    """
    found, steps = _plan(tuple(runs))
    if products.shape[-1:] != (len(runs),) or products.dtype != np.float32:
        raise ValueError(
            f"the FAN takes float32 products (..., {len(runs)}) with {len(runs)} vecIDs, "
            f"not {products.dtype} {products.shape}"
        )
    # Lanes first, so that all columns of a lane lie together. A partial sum is kept at both lanes at its ends.
    kept = np.array(np.moveaxis(products, -1, 0), order="C")
    with np.errstate(all="ignore"):
        for adders, firsts, lasts in steps:
            kept[firsts] = kept[lasts] = kept[adders] + kept[adders + 1]
    slots_of = [run.slot for run in found]
    sums, complete = np.zeros_like(kept), np.zeros(len(runs), bool)
    sums[slots_of], complete[slots_of] = kept[[run.first for run in found]], True
    sums[np.isnan(sums)] = np.uint32(FP32_NAN).view(np.float32)
    return np.ascontiguousarray(np.moveaxis(sums, 0, -1)), complete


def slots(runs: Sequence[int | None]) -> tuple[Run, ...]:
    """Each run from left to right, and where its sum comes out: at the adder of highest level inside it.

    Adder a lies between the lanes a and a + 1; its level is the number of 1s at the end of a. A single lane has its own
    slot.
    Raises ValueError unless there are 2, 4, 8 ... 128 lanes, and the lanes of each run are consecutive.
    """
    return _plan(tuple(runs))[0]


@lru_cache(maxsize=4096)
def _plan(runs: tuple[int | None, ...]) -> tuple[tuple[Run, ...], list[_Step]]:
    """(runs, steps), one step for each level at which an adder adds."""
    lanes = len(runs)
    if not 2 <= lanes <= MOST_LANES or lanes & lanes - 1:
        raise ValueError(f"the FAN's lanes must be a power of two from 2 to {MOST_LANES}, not {lanes}")
    found = tuple(Run(first, last, _slot(first, last)) for first, last in _stretches(runs))
    levels: list[list[tuple[int, int, int]]] = [[] for _ in range(lanes.bit_length() - 1)]
    for first, last, _ in found:
        for level, step in enumerate(levels):
            reach = 1 << level
            step += [
                (adder, max(first, adder + 1 - reach), min(last, adder + reach))
                for adder in range(reach - 1, last, 2 * reach)
                if adder >= first
            ]
    return found, [_Step(*np.array(step).T) for step in levels if step]


def _stretches(runs: tuple[int | None, ...]) -> Iterable[tuple[int, int]]:
    """(first lane, last lane) of each run."""
    ends: dict[int, tuple[int, int]] = {}
    for lane, name in enumerate(runs):
        if name is not None:
            first, last = ends.get(name, (lane, lane - 1))
            if last != lane - 1:
                raise ValueError(f"the lanes of a run must be consecutive, but ID {name} comes back at lane {lane}")
            ends[name] = first, lane
    return ends.values()


def _slot(first: int, last: int) -> int:
    """The adder of highest level inside a run: of first + 1 to last the number with most zeros at its end, less 1.

    That number has the leading bits of `last` down to the first bit in which `last` differs from `first`, then zeros.
    """
    if first == last:
        return first
    zeros = (first ^ last).bit_length() - 1
    return (last >> zeros << zeros) - 1
