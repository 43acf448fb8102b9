"""A mapping of a GEMM to SIGMA: the operand that stays, the sizes of blocks of the result, and their order."""

from collections.abc import Iterator
from dataclasses import dataclass

from rtl.sigma.config import SigmaConfig
from tlm.blocks import block_corners, check_order
from tlm.gemm import Gemm

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
        return block_corners((rows, columns), (self.rows, self.columns), self.order)


def check_stationary(name: str) -> None:
    """Raise ValueError for the name of no operand."""
    if not isinstance(name, str) or name not in STATIONARY:
        raise ValueError(f"the stationary operand must be one of {', '.join(STATIONARY)}, not {name!r}")


def check_config(config: SigmaConfig) -> None:
    """Raise ValueError for another accelerator's configuration."""
    if not isinstance(config, SigmaConfig):
        raise ValueError(f"a program of SIGMA must be for a {SigmaConfig.__name__}, not for a {type(config).__name__}")


def mapping_of(config: SigmaConfig, mapping: SigmaMapping | str) -> SigmaMapping:
    """The mapping itself, or the largest blocks of an operand's name. Raises ValueError for one that does not fit."""
    check_config(config)
    if not isinstance(mapping, SigmaMapping | str):
        raise ValueError(f"a mapping on this accelerator must be a SigmaMapping or an operand's name, not {mapping!r}")
    if isinstance(mapping, str):
        check_stationary(mapping)
        return SigmaMapping(mapping, config.rows, config.columns)
    check_stationary(mapping.stationary)
    check_order(mapping.order)
    for name in ("rows", "columns"):
        size, most = getattr(mapping, name), getattr(config, name)
        if type(size) is not int or not 1 <= size <= most:
            raise ValueError(f"{name} of a block must be from 1 to {most} ({config.name}), not {size}")
    return mapping
