"""How a GEMM is laid on SIGMA: which operand stays, how large blocks of the result are, and in which order they run."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from rtl.sigma.config import SigmaConfig
from tlm.gemm import Gemm
from tlm.mapping import ORDERS

STATIONARY = {
    "mk": "a stays: its rows are those of the accumulators, and columns of b stream by",
    "kn": "b stays: its columns are the accumulators' rows, and rows of a stream by",
}


@dataclass(frozen=True)
class SigmaMapping:
    """A choice for one GEMM: the operand that stays, a block's rows and columns as that operand has them, the order."""

    stationary: str
    rows: int
    columns: int
    order: str = "rows"

    def sides(self, gemm: Gemm) -> tuple[int, int, int]:
        """Rows of the stationary operand, k, and columns of the streamed one."""
        return (gemm.m, gemm.k, gemm.n) if self.stationary == "mk" else (gemm.n, gemm.k, gemm.m)

    def blocks(self, gemm: Gemm) -> Iterator[tuple[int, int]]:
        """(row, column) of each block's corner, in the order in which they run."""
        rows, _, columns = self.sides(gemm)
        rows, columns = range(0, rows, self.rows), range(0, columns, self.columns)
        if self.order == "rows":
            return ((row, column) for row in rows for column in columns)
        return ((row, column) for column in columns for row in rows)

    def checked(self, config: SigmaConfig) -> Self:
        """Itself. Raises ValueError for one that does not fit."""
        check_stationary(self.stationary)
        if self.order not in ORDERS:
            raise ValueError(f"order must be one of {', '.join(ORDERS)}, not {self.order!r}")
        for name in ("rows", "columns"):
            size, most = getattr(self, name), getattr(config, name)
            if not 1 <= size <= most:
                raise ValueError(f"{name} of a block must be from 1 to {most} ({config.name}), not {size}")
        return self


def check_stationary(name: str) -> None:
    """Raise ValueError for the name of no operand."""
    if name not in STATIONARY:
        raise ValueError(f"the stationary operand must be one of {', '.join(STATIONARY)}, not {name!r}")


def largest(gemm: Gemm, config: SigmaConfig, stationary: str) -> SigmaMapping:
    """The largest blocks that fit. Raises ValueError for an unknown operand."""
    check_stationary(stationary)
    return SigmaMapping(stationary, config.rows, config.columns)
