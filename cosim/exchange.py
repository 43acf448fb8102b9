"""Operands that go into an engine, and results and reports that come out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cosim.im2col import Im2col, Im2cols
from rtl.golden import Rates
from tlm.transactions import Program

Operand = np.ndarray | Im2col | Im2cols


@dataclass(frozen=True)
class Operands:
    """Operands of a GEMM: a (M, K) and b (K, N), float16; b is already pruned to the program's sparsity.

    Where the GEMM's count is above 1, they are (count, M, K) and (count, K, N).
    """

    a: Operand
    b: Operand

    def whole(self) -> "Operands":
        """Both operands as arrays, im2col matrices as a whole."""
        return Operands(*self.arrays)

    @property
    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """a and b, im2col matrices as arrays."""
        a, b = map(_array, (self.a, self.b))
        return a, b

    def item(self, number: int) -> "Factors":
        """The factors of one of the GEMM's products."""
        return Factors(_item(self.a, number), _item(self.b, number))


@dataclass(frozen=True)
class Factors:
    """Operands of one product: a (M, K) and b (K, N)."""

    a: np.ndarray | Im2col
    b: np.ndarray | Im2col

    @property
    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """a and b, im2col matrices as arrays."""
        a, b = map(_array, (self.a, self.b))
        return a, b


def _item(side: Operand, number: int) -> np.ndarray | Im2col:
    """The operand of one of the products; the only one is as it stands."""
    if isinstance(side, Im2cols):
        return side.items[number]
    return side if isinstance(side, Im2col) or side.ndim == 2 else side[number]


def _array(side: Operand) -> np.ndarray:
    """An operand as an array."""
    if isinstance(side, Im2cols):
        return np.stack([one[:, :] for one in side.items])
    return side[:, :] if isinstance(side, Im2col) else side


@dataclass(frozen=True)
class Weights:
    """Operands of an update: (K, N) float32 each. Where weights are only reduced, there are no others, and no rates."""

    weights: np.ndarray
    velocities: np.ndarray | None = None
    gradients: np.ndarray | None = None
    rates: Rates | None = None


@dataclass(frozen=True)
class Copy:
    """A compact copy: values float16 and indices uint8, both (groups, N, lines), indices ascending in each group.

    forward   groups along the input channels, kernel position by kernel position; a line is an output channel
    backward  groups along the output channels; a line is a row of the weights
    """

    values: np.ndarray
    indices: np.ndarray


@dataclass(frozen=True)
class Updated:
    """The results of an update, None for each that it does not store.

    weights, velocities  float32 (K, N)
    half                 the weights as float16
    forward, backward    their compact copies
    """

    weights: np.ndarray | None
    velocities: np.ndarray | None
    half: np.ndarray | None
    forward: Copy | None
    backward: Copy | None


@dataclass(frozen=True)
class Report:
    """Cycles of a run on the device under test (DUT): busy + waiting + idle = cycles.

    tiles     cycles of each tile, from the end of the one before to its own; their sum is `cycles`
    stores    the cycle after the last word of each block of the result
    overflow  an infinity or NaN has left as FP32: a gradient that must not be used
    """

    cycles: int
    tiles: Sequence[int]
    stores: Sequence[int]
    busy: int
    waiting: int
    idle: int = 0
    overflow: bool = False


@dataclass(frozen=True)
class GemmResult:
    """c (M, N): float32 accumulators, or float16 where the program rounds; and the report of the run."""

    c: np.ndarray
    report: Report
    program: Program = field(repr=False)

    @property
    def cycles(self) -> int:
        return self.report.cycles

    @property
    def tiles(self) -> Sequence[int]:
        return self.report.tiles


@dataclass(frozen=True)
class UpdateResult:
    """The results of an update, and the report of the run. A skipped one has the old weights, and took no cycles."""

    updated: Updated
    report: Report
    program: Program = field(repr=False)
    skipped: bool = False

    @property
    def cycles(self) -> int:
        return self.report.cycles
