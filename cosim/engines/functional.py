"""The fast engine: bits from this processor, cycles from the transaction-level model."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from cosim.engines.engine import Engine
from cosim.engines.lazy_list import LazyList
from cosim.exchange import Report
from cosim.operands import check_operands, operands_of
from tlm.gemm import Gemm
from tlm.timeline import simulate
from tlm.transactions import Program


class Functional(Engine):
    """The arithmetic contract on this processor; its cycles are the timeline's."""

    name = "functional"
    is_reference = True

    @property
    def prunes(self) -> bool:
        """`run` prunes b of a GEMM by itself, where the accelerator's reference arithmetic does."""
        return self._row.prunes

    def product(self, program: Program, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """c alone, of operands that are checked as ever; no report is made, for which a small product would wait."""
        kind, gemm = self._kind_of(program), program.work
        if type(self) is not Functional or not isinstance(gemm, Gemm):
            return super().product(program, a, b)  # what runs otherwise shall do so
        operands = operands_of(gemm, a, b, kind.prunes, self.operand_format)
        if kind.check is not check_operands or gemm.source_b:  # else all of it has just been checked
            kind.check(program, operands)
        return kind.reference(program, operands)

    def _run(self, program: Program, operands: Any) -> tuple[Any, Report]:
        result = self._row.kind_of(program).reference(program, operands)
        fp32 = isinstance(program.work, Gemm) and program.work.output == "fp32"
        return result, predicted(program, overflow=fp32 and not bool(np.isfinite(result).all()))


def predicted(program: Program, overflow: bool = False) -> Report:
    """The report that the transaction-level model gives, for a result in which there is an overflow or not."""
    # A program that was made for its operands hardly ever comes again; remembered, it would keep their zeros.
    report = _modelled(program) if program.for_operands else _known(program)
    return replace(report, overflow=True) if overflow else report


def _modelled(program: Program) -> Report:
    timeline = simulate(program)
    # There may be a million tiles, at which nobody looks.
    tiles, stores = LazyList(lambda: timeline.tiles), LazyList(lambda: timeline.stores)
    return Report(timeline.cycles, tiles, stores, timeline.busy, timeline.waiting)


_known = lru_cache(maxsize=1024)(_modelled)  # training runs a program again and again
