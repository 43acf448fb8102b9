"""The fast engine: bits from NumPy, cycles from the transaction-level model."""
import numpy as np

from cosim.engine import Engine, Operands, Report
from rtl.golden import gemm, to_fp16
from tlm import Program, simulate


class Functional(Engine):
    """The arithmetic contract in NumPy; its cycles are the timeline's."""

    name = "functional"

    def run(self, program: Program, operands: Operands) -> tuple[np.ndarray, Report]:
        c = gemm(operands.a, operands.b)
        if program.gemm.output == "fp16":
            c = to_fp16(c)
        return c, predicted(program)


def predicted(program: Program) -> Report:
    """The report that the transaction-level model gives."""
    timeline = simulate(program)
    return Report(timeline.cycles, timeline.tiles, timeline.stores, timeline.busy, timeline.waiting)
