"""One interface for everything that can run a program; same operands, same bits, same cycles."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np

from cosim.device import device_of
from cosim.exchange import GemmResult, Report, Updated, UpdateResult, Weights
from cosim.operands import matrix, operands_of
from cosim.scheduling import AnyMapping, program_for
from rtl.config import Config
from rtl.golden import Rates
from rtl.sparsity import Sparsity
from tlm import Gemm, Program, Update, schedule_update
from tlm.timeline import AnyProgram


class Engine(ABC):
    """Runs programs of one configuration. Use cosim.engine(name, config) to get one."""

    name: str
    prunes = False  # whether `run` prunes b by itself
    is_reference = False  # whether it is the host's own arithmetic, which reads master weights and needs no FP16 copies
    waves: Path | None = None  # the VCD file of the last run, where one is written

    def __init__(self, config: Config):
        self.config = config

    @property
    def updates(self) -> bool:
        """Whether the accelerator updates weights; else the host does."""
        return self.config.accelerator == "sat"

    @property
    def programs_depend_on_zeros(self) -> bool:
        """Whether a GEMM's program is made for the zeros of its operands, so that no others can run by it."""
        return self.config.accelerator == "sigma"

    @property
    def operand_format(self) -> str:
        """The format of a GEMM's operands: 'fp16', or 'bf16', which float32 arrays hold."""
        return getattr(self.config, "operands", "fp16")

    @abstractmethod
    def run(self, program: AnyProgram, operands: Any) -> tuple[Any, Report]:
        """Execute a program. Returns (result, report).

        A program of a GEMM takes Operands and gives c, float32 or float16 as program.gemm.output says; an UpdateProgram
        takes Weights and gives Updated.
        """

    def gemm(
        self,
        a: np.ndarray,
        b: np.ndarray,
        sparsity: str | Sparsity | None = None,
        *,
        output: str = "fp32",
        mapping: AnyMapping = None,
        layer: str = "",
        stage: str = "",
    ) -> GemmResult:
        """c = a @ b by the arithmetic contract.

        a, b      (M, K) and (K, N) float16 arrays; for a SIGMA with bf16 operands float32 arrays that hold such
        sparsity  None or 'N:M': b is then pruned along K by the N:M contract
        output    'fp32' (unrounded accumulators) or 'fp16'; layer and stage are names for reports
        mapping   on SAT 'os' or 'ws', the dataflow, with the largest tiles that fit, or a tlm.Mapping; the bits are the
                  same. On SIGMA 'mk' or 'kn', the operand that stays, or a SigmaMapping; sums have another order then
        Raises ValueError for operands or patterns that the hardware does not know.
        """
        a, b = matrix(a, "a", self.operand_format), matrix(b, "b", self.operand_format)
        if a.shape[1] != b.shape[0]:
            raise ValueError(f"a and b must agree in K, not {a.shape[1]} and {b.shape[0]}")
        gemm = Gemm(a.shape[0], a.shape[1], b.shape[1], Sparsity.parse(sparsity), output, layer, stage)
        return self.execute(gemm, a, b, mapping)

    def execute(self, gemm: Gemm, a: np.ndarray, b: np.ndarray, mapping: AnyMapping = None) -> GemmResult:
        """The GEMM of operands (M, K) and (K, N) float16; b is pruned to its sparsity.

        Instead of an im2col matrix, the images (B, H, W, C) of the GEMM's source may be given. Where its count is above
        1, operands and c have that many in front.
        Raises ValueError for operands that are not those of the GEMM.
        """
        operands = operands_of(gemm, a, b, self.prunes, self.operand_format)
        program = program_for(gemm, operands, self.config, mapping)
        return GemmResult(*self.run(program, operands), program)

    def perform(self, program: Program, a: np.ndarray, b: np.ndarray) -> GemmResult:
        """The same for a GEMM that is scheduled already."""
        operands = operands_of(program.gemm, a, b, self.prunes, self.operand_format)
        return GemmResult(*self.run(program, operands), program)

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
        self._check_updates()
        w, v, g = (_matrix(array, name) for array, name in ((w, "w"), (v, "v"), (g, "g")))
        if not isinstance(rates, Rates):
            raise ValueError(f"rates must be rtl.golden.Rates, not {type(rates).__name__}")
        if not np.isfinite(rates.constants).all():
            raise ValueError(f"rates must be finite in FP32, 1 / scale too, not {rates}")
        if not w.shape == v.shape == g.shape:
            raise ValueError(f"w, v and g must have one shape, not {w.shape}, {v.shape} and {g.shape}")
        program = schedule_update(_update(w, sparsity, channels, True, layer), self.config)
        if not np.isfinite(g).all():
            return UpdateResult(Updated(w, v, None, None, None), Report(0, [], [], 0, 0), program, skipped=True)
        return UpdateResult(*self.run(program, Weights(w, v, g, rates)), program)

    def reduce(
        self, w: np.ndarray, sparsity: str | Sparsity | None, *, channels: int | None = None, layer: str = ""
    ) -> UpdateResult:
        """The FP16 copies alone, as `update` makes them, of weights (K, N) float32 that stay as they are."""
        self._check_updates()
        w = _matrix(w, "w")
        program = schedule_update(_update(w, sparsity, channels, False, layer), self.config)
        return UpdateResult(*self.run(program, Weights(w)), program)

    def _check_updates(self) -> None:
        if not self.updates:
            raise ValueError(
                f"{device_of(self.config).name.upper()} updates no weights and makes no copies of them: the host does"
            )


def _update(w: np.ndarray, sparsity: str | Sparsity | None, channels: int | None, momentum: bool, layer: str) -> Update:
    (k, n), pattern = w.shape, Sparsity.parse(sparsity)
    channels = k if channels is None else channels
    return Update(
        k,
        n,
        channels,
        pattern,
        bool(pattern) and channels >= pattern.m,
        bool(pattern) and n >= pattern.m,
        momentum,
        layer,
    )


def _matrix(array: np.ndarray, name: str) -> np.ndarray:
    array = np.asarray(array)
    if array.dtype != np.float32 or array.ndim != 2:
        raise ValueError(f"{name} must be a float32 matrix, not {array.dtype} with {array.ndim} dimensions")
    return array
