"""One interface for everything that can run a program; same operands, same bits, same cycles."""

from abc import ABC, abstractmethod
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import Any, Self, final

import numpy as np

from cosim import accelerators
from cosim.accelerator import ExecutionRow, ProgramKind
from cosim.exchange import GemmResult, Operands, Report, Updated, UpdateResult, Weights
from cosim.operands import check_matrix, check_rates, check_weight_matrix, operands_of
from rtl.config import Config
from rtl.golden import Rates
from rtl.sparsity import Sparsity
from tlm.accelerator import Accelerator
from tlm.accelerators import accelerator_of
from tlm.arrays import plain
from tlm.gemm import Gemm
from tlm.memory import Memory, memory_of
from tlm.transactions import Program
from tlm.update import Update


class Engine(ABC):
    """Runs programs of one configuration. Use cosim.engine(name, config) to get one.

    memory  the off-chip memory, for whose timing programs are scheduled; None: the configuration's
    """

    name: str
    is_reference = False  # it is the host itself: others are compared with it, and it needs no copies of weights
    piece_size = 160_000  # cycles x processing elements of a piece that is drawn to be checked on it: some seconds
    waves: Path | None = None  # the VCD file of the last run, where one is written

    def __init__(self, config: Config, memory: Memory | None = None):
        for of in (accelerator_of, accelerators.execution_row_of):  # which refuse a configuration without a row
            of(config)
        self.config, self.memory = config, memory_of(config, memory)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_row"}  # which has modules in it

    def beside(self, memory: Memory) -> Self:
        """The same engine, with what it has compiled, beside another memory, of which the hardware knows nothing.

        Engines that it runs on stand beside that memory, too.
        """
        other = copy(self)
        other.memory = memory_of(self.config, memory)
        for name, inner in vars(self).items():
            if isinstance(inner, Engine):
                setattr(other, name, inner.beside(memory))
        return other

    @property
    def accelerator(self) -> Accelerator:
        """The accelerator's row in the model's table."""
        return accelerator_of(self.config)

    @cached_property
    def _row(self) -> ExecutionRow:
        return accelerators.execution_row_of(self.config)

    @property
    def updates(self) -> bool:
        """The accelerator updates weights; else the host does."""
        return self.accelerator.schedule_update is not None

    @property
    def prunes(self) -> bool:
        """`run` prunes b of a GEMM by itself."""
        return False

    @property
    def operand_format(self) -> str:
        """The format of a GEMM's operands: 'fp16', or 'bf16', which float32 arrays hold."""
        return self._row.operand_format(self.config)

    @property
    def programs_depend_on_zeros(self) -> bool:
        """A GEMM's program is made for the zeros of its operands, and cannot be used again for others."""
        return self._row.for_operands

    @final
    def run(self, program: Program, operands: Any) -> tuple[Any, Report]:
        """Execute a program. Returns (result, report).

        A program of a GEMM takes Operands and gives c, float32 or float16 as its output says; one of an update takes
        Weights and gives Updated.
        Raises ValueError unless program, configuration, memory and operands belong together.
        """
        self._kind_of(program).check(program, operands)
        return self._run(program, operands)

    @abstractmethod
    def _run(self, program: Program, operands: Any) -> tuple[Any, Report]:
        """`run` of a program and operands that belong together."""

    def _kind_of(self, program: Program) -> ProgramKind:
        """How the program is treated. Raises ValueError for one that is not of this configuration and memory."""
        kind = self._row.kind_of(program)
        if program.config is not self.config:
            accelerators.check_hardware(program.config, self.config)
        if program.memory is not self.memory and program.memory != self.memory:
            raise ValueError(f"the program is for another memory: it must be {self.memory}, not {program.memory}")
        return kind

    def gemm(
        self,
        a: np.ndarray,
        b: np.ndarray,
        sparsity: str | Sparsity | None = None,
        *,
        output: str = "fp32",
        mapping: Any = None,
        layer: str = "",
        stage: str = "",
    ) -> GemmResult:
        """c = a @ b by the arithmetic contract.

        a, b      (M, K) and (K, N) float16 arrays; for a SIGMA with bf16 operands float32 arrays that hold such
        sparsity  None or 'N:M': b is then pruned along K by the N:M contract
        output    'fp32' (unrounded accumulators) or 'fp16'; layer and stage are names for reports
        mapping   on SAT 'os' or 'ws', the dataflow, with the largest tiles that fit, or a tlm.Mapping; the bits are the
                  same. On SIGMA 'mk' or 'kn', the operand that stays, or a SigmaMapping; sums have another order then
        Returns a GemmResult: c (M, N), float32 or float16 as `output` says, the report with its cycles, the program.
        Raises ValueError for operands or patterns that the hardware does not know.
        """
        a, b = plain(a, "operand a"), plain(b, "operand b")
        for array, name in ((a, "a"), (b, "b")):
            check_matrix(array, name, self.operand_format)
        if a.shape[1] != b.shape[0]:
            raise ValueError(f"a and b must agree in K, not {a.shape[1]} and {b.shape[0]}")
        gemm = Gemm(a.shape[0], a.shape[1], b.shape[1], Sparsity.parse(sparsity), output, layer, stage)
        return self.execute(gemm, a, b, mapping)

    def execute(self, gemm: Gemm, a: np.ndarray, b: np.ndarray, mapping: Any = None) -> GemmResult:
        """The GEMM of operands (M, K) and (K, N) float16; b is pruned to its sparsity.

        Instead of an im2col matrix, the images (B, H, W, C) of the GEMM's source may be given. Where its count is above
        1, operands, images and c have that many in front.
        Raises ValueError for operands that are not those of the GEMM.
        """
        if not isinstance(gemm, Gemm):
            raise ValueError(f"a tlm.Gemm is executed, not a {type(gemm).__name__}")
        operands = operands_of(gemm, a, b, self.prunes, self.operand_format)
        program = self._scheduled(gemm, operands, mapping)
        return GemmResult(*self.run(program, operands), program)

    def _scheduled(self, gemm: Gemm, operands: Operands, mapping: Any) -> Program:
        """The program by which operands are executed, b pruned."""
        return self._row.schedule(gemm, operands, self.config, mapping, self.memory)

    def perform(self, program: Program, a: np.ndarray, b: np.ndarray) -> GemmResult:
        """The same for a GEMM that is scheduled already. Raises ValueError as `run` does."""
        kind, gemm = self._kind_of(program), program.work
        if not isinstance(gemm, Gemm):
            raise ValueError(f"a program of a GEMM is needed, not one of {gemm}")
        operands = operands_of(gemm, a, b, self.prunes, self.operand_format)
        kind.check(program, operands)
        return GemmResult(*self._run(program, operands), program)

    def product(self, program: Program, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """c alone of what `perform` gives. Raises ValueError as `run` does."""
        return self.perform(program, a, b).c

    def update(
        self,
        w: np.ndarray,
        v: np.ndarray,
        g: np.ndarray,
        rates: Rates,
        sparsity: str | Sparsity | None = None,
        *,
        channels: int | None = None,
        layer: str = "",
    ) -> UpdateResult:
        """Momentum SGD by the arithmetic contract, and the FP16 copies that the next step needs.

        w, v, g   (K, N) float32: weights, velocities, and gradients of the loss times rates.scale
        sparsity  None or 'N:M' of the compact copies: one for the forward pass where there are M input channels, one
                  for the backward pass where there are M output channels
        channels  input channels, consecutive rows of a kernel position; None: all of K
        With a gradient that is not finite nothing runs: the result is `skipped` and has the old weights and velocities.
        Raises ValueError for matrices or patterns that the hardware does not know, and where it updates no weights.
        """
        w, v, g = (plain(array, name) for array, name in ((w, "w"), (v, "v"), (g, "g")))
        for array, name in ((w, "w"), (v, "v"), (g, "g")):
            check_weight_matrix(array, name)
        check_rates(rates)
        if not w.shape == v.shape == g.shape:
            raise ValueError(f"w, v and g must have one shape, not {w.shape}, {v.shape} and {g.shape}")
        program = self.schedule_update(_update(w, sparsity, channels, True, layer))
        if not np.isfinite(g).all():
            return UpdateResult(Updated(w, v, None, None, None), Report(0, [], [], 0, 0), program, skipped=True)
        return UpdateResult(*self.run(program, Weights(w, v, g, rates)), program)

    def reduce(
        self, w: np.ndarray, sparsity: str | Sparsity | None, *, channels: int | None = None, layer: str = ""
    ) -> UpdateResult:
        """The FP16 copies alone, as `update` makes them, of weights (K, N) float32 that stay as they are.

        sparsity, channels  as in `update`
        Raises ValueError for a matrix or pattern that the hardware does not know, and where it updates no weights.
        """
        w = plain(w, "w")
        check_weight_matrix(w, "w")
        program = self.schedule_update(_update(w, sparsity, channels, False, layer))
        return UpdateResult(*self.run(program, Weights(w)), program)

    def schedule(self, gemm: Gemm, mapping: Any = None) -> Program:
        """The program of a GEMM for this configuration and memory, to be run again and again by `perform`.

        Raises ValueError for a mapping that does not fit, and where programs depend on the operands' zeros.
        """
        if not isinstance(gemm, Gemm):
            raise ValueError(f"a Gemm is needed, not {gemm!r}")
        if self.programs_depend_on_zeros:
            raise ValueError(
                f"a program of {self.accelerator.title} is made for the zeros of its operands: use execute"
            )
        return self.accelerator.schedule(gemm, self.config, mapping, memory=self.memory)

    def schedule_update(self, update: Update) -> Program:
        """The program of an update for this configuration and memory.

        Raises ValueError for a pattern that the hardware does not know, and where it updates no weights.
        """
        return self.accelerator.program_of(update, self.config, self.memory)


def _update(w: np.ndarray, sparsity: str | Sparsity | None, channels: int | None, momentum: bool, layer: str) -> Update:
    (k, n), pattern = w.shape, Sparsity.parse(sparsity)
    if channels is not None and type(channels) is not int:
        raise ValueError(f"channels must be an int, not {channels!r}")
    channels = k if channels is None else channels
    forward, backward = (pattern is not None and length >= pattern.m for length in (channels, n))
    return Update(k, n, channels, pattern, forward, backward, momentum, layer)
