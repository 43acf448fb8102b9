"""The fast engine: bits from NumPy, cycles from the transaction-level model."""
import numpy as np

from cosim.engine import Engine, Operands, Report
from rtl.golden import gemm
from rtl.golden.floats import FP16_NAN
from tlm import Program, simulate


class Functional(Engine):
    """The arithmetic contract in NumPy; its cycles are the timeline's."""

    name = "functional"

    def run(self, program: Program, operands: Operands) -> tuple[np.ndarray, Report]:
        c = gemm(operands.a, operands.b)
        if program.gemm.output == "fp16":
            with np.errstate(over="ignore", invalid="ignore"):
                c = c.astype(np.float16)
            c.view(np.uint16)[np.isnan(c)] = FP16_NAN
        return c, predicted(program)


def predicted(program: Program) -> Report:
    """The report that the transaction-level model gives."""
    timeline = simulate(program)
    return Report(timeline.cycles, timeline.tiles, timeline.stores, timeline.busy, timeline.waiting)
