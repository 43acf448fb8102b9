"""An engine that passes programs on and remembers what each took."""
import numpy as np

from cosim.engine import Engine, Operands, Report
from tlm import Program


class Recorder(Engine):
    """Runs on `inner`; `runs` holds a (program, report) for each GEMM, in order."""

    def __init__(self, inner: Engine):
        super().__init__(inner.config)
        self.inner, self.name = inner, inner.name
        self.runs: list[tuple[Program, Report]] = []

    def run(self, program: Program, operands: Operands) -> tuple[np.ndarray, Report]:
        c, report = self.inner.run(program, operands)
        self.runs.append((program, report))
        return c, report
