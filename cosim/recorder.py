"""An engine that passes programs on and remembers what each took."""
from collections.abc import Callable

import numpy as np

from cosim.engine import Engine, Operands, Report
from tlm import Program


class Recorder(Engine):
    """Runs on `inner`; `runs` holds a (program, report) for each GEMM, in order.

    on_run  called with (program, report) after each one, for progress
    """

    def __init__(self, inner: Engine, on_run: Callable[[Program, Report], None] | None = None):
        super().__init__(inner.config)
        self.inner, self.name, self.on_run = inner, inner.name, on_run
        self.runs: list[tuple[Program, Report]] = []

    def run(self, program: Program, operands: Operands) -> tuple[np.ndarray, Report]:
        c, report = self.inner.run(program, operands)
        self.runs.append((program, report))
        if self.on_run:
            self.on_run(program, report)
        return c, report
