"""Programs in several processes, each with an engine of its own: for checks that need no result before the next one."""

import multiprocessing
import pickle
import signal
import sys
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Self

from cosim.engines.engine import Engine
from cosim.exchange import Report
from cosim.harness.simulation import SimulationError
from tlm.transactions import Program

_engine: Engine | None = None  # of a worker


def _start(make: Callable[[], Engine]) -> None:
    global _engine
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of Ctrl-C in a terminal: the first process ends the others
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # in order, without a folder that is left behind
    _engine = make()


def _run(pickled: bytes) -> tuple[Any, Report]:
    assert _engine
    return _engine.run(*pickle.loads(pickled))


class Farm:
    """Engines in `jobs` processes of their own, within a `with` block; none of them outlives it.

    make  makes such an engine: it is pickled, and so is every program, with its operands and what it gives
    """

    def __init__(self, jobs: int, make: Callable[[], Engine]):
        if type(jobs) is not int or jobs < 1:
            raise ValueError(f"jobs must be a whole number from 1 on, not {jobs!r}")
        self.jobs, self._others = jobs, set(multiprocessing.active_children())
        # Not by fork: a copy of a process whose other threads hold locks waits for them for ever.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(jobs, context, _start, (make,))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, *_: object) -> None:
        if kind:
            for process in set(multiprocessing.active_children()) - self._others:
                process.terminate()
        self._pool.shutdown(cancel_futures=True)

    def submit(self, program: Program, operands: Any) -> Future[tuple[Any, Report]]:
        """Have a process run a program. Operands may change as soon as this returns."""
        try:
            return self._pool.submit(_run, pickle.dumps((program, operands), pickle.HIGHEST_PROTOCOL))
        except BrokenProcessPool as error:
            failed: Future[tuple[Any, Report]] = Future()
            failed.set_exception(error)
            return failed


def result_of(future: Future[tuple[Any, Report]]) -> tuple[Any, Report]:
    """What a program gave, once it has run. Raises what its engine raised; SimulationError where its process died."""
    try:
        return future.result()
    except BrokenProcessPool:
        raise SimulationError("a process that simulates has ended by itself") from None
