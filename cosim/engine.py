"""One interface for everything that can run a program; same operands, same bits, same cycles."""
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rtl.config import SatConfig
from rtl.golden import nm_mask
from rtl.sparsity import Sparsity
from tlm import Gemm, Mapping, Program, schedule


@dataclass(frozen=True)
class Operands:
    """a (M, K) and b (K, N), float16; b is already pruned to the program's sparsity."""

    a: np.ndarray
    b: np.ndarray


@dataclass(frozen=True)
class Report:
    """What a run took, in DUT cycles: busy + waiting + idle = cycles.

    tiles   cycles of each tile, from the end of the one before to its own; their sum is `cycles`
    stores  the cycle after the last word of each block of the result
    """

    cycles: int
    tiles: list[int]
    stores: list[int]
    busy: int
    waiting: int
    idle: int = 0


@dataclass(frozen=True)
class GemmResult:
    """c (M, N): float32 accumulators, or float16 where the program rounds; and what the run took."""

    c: np.ndarray
    report: Report
    program: Program = field(repr=False)

    @property
    def cycles(self) -> int:
        return self.report.cycles

    @property
    def tiles(self) -> list[int]:
        return self.report.tiles


class Engine(ABC):
    """Runs programs of one configuration. Use cosim.engine(name, config) to get one."""

    name: str
    waves: Path | None = None       # the VCD file of the last run, where one is written

    def __init__(self, config: SatConfig):
        self.config = config

    @abstractmethod
    def run(self, program: Program, operands: Operands) -> tuple[np.ndarray, Report]:
        """Execute a program. Returns (c, report): c is float32 or float16, as program.gemm.output says."""

    def gemm(self, a: np.ndarray, b: np.ndarray, sparsity: str | Sparsity | None = None, *,
             output: str = "fp32", mapping: Mapping | str = "os", layer: str = "", stage: str = "") -> GemmResult:
        """c = a @ b by the arithmetic contract.

        a, b      (M, K) and (K, N) float16 arrays
        sparsity  None or 'N:M': b is then pruned along K by the N:M contract
        output    'fp32' (unrounded accumulators) or 'fp16'; layer and stage are names for reports
        mapping   'os' or 'ws', the dataflow, with the largest tiles that fit; or a tlm.Mapping. The bits are the same
        Raises ValueError for operands or patterns that the hardware does not know.
        """
        a, b = _operand(a, "a"), _operand(b, "b")
        if a.shape[1] != b.shape[0]:
            raise ValueError(f"a and b must agree in K, not {a.shape[1]} and {b.shape[0]}")
        pattern = Sparsity.parse(sparsity)
        gemm = Gemm(a.shape[0], a.shape[1], b.shape[1], pattern, output, layer, stage)
        program = schedule(gemm, self.config, mapping)
        if pattern:
            b = np.where(nm_mask(b, pattern.n, pattern.m), b, np.float16(0))
        c, report = self.run(program, Operands(a, b))
        return GemmResult(c, report, program)


def _operand(array: np.ndarray, name: str) -> np.ndarray:
    array = np.asarray(array)
    if array.dtype != np.float16 or array.ndim != 2:
        raise ValueError(f"operand {name} must be a float16 matrix, not {array.dtype} with {array.ndim} dimensions")
    return array
