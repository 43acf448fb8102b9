"""What every row needs: times on one processor, interleaved repeats, and the row itself."""

import os
import re
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Python that makes a process tell the peak of its memory in KiB, in the last line of standard error. What a parent is
# told of its children starts with the parent's own memory, which a child has until it runs its program.
TELLS_PEAK = r"""
import atexit, re, sys
atexit.register(lambda: print(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1], file=sys.stderr))
"""
LOOK = 0.3  # seconds that tell which processor is free


class CheckFailed(Exception):
    """A measurement cannot be trusted: what was run is not what should have been."""


@dataclass(frozen=True)
class Row:
    """One line of the table.

    measured  the value in words; value the same as a number
    target    the number to reach, in words, or '' where there is none
    met       whether it is reached; None without a target
    details   everything else that was measured, for the JSON file
    """

    what: str
    measured: str
    value: float
    target: str = ""
    met: bool | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Took:
    """Seconds that a call took: on the clock, and of processor time, its child processes included.

    On one processor the two agree within a per cent, until someone else needs that processor.
    """

    wall: float
    cpu: float


@contextmanager
def pinned() -> Iterator[None]:
    """One processor for this thread and the processes it starts: the one with least to do for others.

    IcarusEngine stays on the processor it finds itself on; in here there is but one.
    """
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {_quietest(before) if len(before) > 1 else min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def timed(call: Callable[[], Any]) -> tuple[Any, Took]:
    """A call's result and its times."""
    wall, cpu = time.perf_counter(), _cpu()
    result = call()
    return result, Took(time.perf_counter() - wall, _cpu() - cpu)


def interleaved(
    repeats: int,
    place: Callable[[], AbstractContextManager[None]] = nullcontext,
    warm: bool = False,
    **calls: Callable[[], Any],
) -> dict[str, list[Took]]:
    """Times of each call, run in turns, so that a busy machine disturbs all alike; `place` is entered for each turn.

    warm  each is called once more before it is timed: else it would share a processor with threads of the call before,
          which still wait for more, and find the caches full of that one's operands
    """
    times: dict[str, list[Took]] = {name: [] for name in calls}
    for _ in range(repeats):
        with place():
            for name, call in calls.items():
                if warm:
                    call()
                times[name].append(timed(call)[1])
    return times


def best(times: list[Took]) -> Took:
    """The shortest time of each kind."""
    return Took(min(took.wall for took in times), min(took.cpu for took in times))


def _quietest(among: set[int]) -> int:
    """The processor that was idle longest during a short look. Where /proc has no answer, the first one."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return min(among)
    first = _idle(stat)
    time.sleep(LOOK)
    now = _idle(stat)
    return max(sorted(among), key=lambda number: now.get(number, 0) - first.get(number, 0))


def _idle(stat: Path) -> dict[int, int]:
    """Ticks that each processor has been idle."""
    fields = (line.split() for line in stat.read_text().splitlines() if re.match(r"cpu\d", line))
    return {int(name[3:]): int(values[3]) for name, *values in fields}


def _cpu() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
