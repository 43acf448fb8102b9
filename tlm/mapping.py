"""How a GEMM is laid on the array: what stays in it, how large the tiles are, and in which order they run."""

from collections.abc import Iterator
from dataclasses import dataclass

from rtl.config import BEAT, SatConfig
from rtl.sparsity import Sparsity
from tlm.gemm import Gemm

DATAFLOWS = {"os": "output-stationary: sums stay in the array", "ws": "weight-stationary: weights stay in the array"}
ORDERS = {
    "rows": "all columns of a block of rows, then the next rows",
    "columns": "all rows of a block of columns, then the next columns",
}


@dataclass(frozen=True)
class Mapping:
    """A choice for one GEMM: dataflow, tile sizes in rows and columns of the result and elements of k, block order."""

    dataflow: str
    rows: int
    columns: int
    depth: int
    order: str = "rows"

    def blocks(self, gemm: Gemm) -> Iterator[tuple[int, int]]:
        """(row, column) of each block's corner, in the order in which they run."""
        rows, columns = range(0, gemm.m, self.rows), range(0, gemm.n, self.columns)
        if self.order == "rows":
            return ((row, column) for row in rows for column in columns)
        return ((row, column) for column in columns for row in rows)


def group_of(gemm: Gemm) -> tuple[int, int]:
    """(elements, kept ones) of a group: dense is N = M, with the smallest M."""
    return (gemm.sparsity.m, gemm.sparsity.n) if gemm.sparsity else (BEAT, BEAT)


def check_pattern(sparsity: Sparsity | None, config: SatConfig) -> None:
    """Raise ValueError for a group longer than the datapath's largest M."""
    if sparsity and sparsity.m > config.largest_m:
        raise ValueError(
            f"sparsity {sparsity} needs M up to largest_m = {config.largest_m} of configuration {config.name}"
        )


def largest(gemm: Gemm, config: SatConfig, dataflow: str) -> Mapping:
    """The largest tiles that fit the buffers. Raises ValueError for an unknown dataflow."""
    group, values = group_of(gemm)
    if dataflow == "os":
        return Mapping("os", config.rows, config.tile_columns, config.chunk)
    if dataflow == "ws":
        rows = min(config.rows, config.chunk // values)  # of the array, each holding a group
        return Mapping("ws", config.chunk // group, config.tile_columns, rows * group)
    raise ValueError(f"dataflow must be one of {', '.join(DATAFLOWS)}, not {dataflow!r}")


def mapping_of(gemm: Gemm, config: SatConfig, mapping: Mapping | str) -> Mapping:
    """The mapping itself, or the largest one of a dataflow's name. Raises ValueError for one that does not fit."""
    check_pattern(gemm.sparsity, config)
    limit = largest(gemm, config, mapping if isinstance(mapping, str) else mapping.dataflow)
    if isinstance(mapping, str):
        return limit
    if mapping.order not in ORDERS:
        raise ValueError(f"order must be one of {', '.join(ORDERS)}, not {mapping.order!r}")
    for name in ("rows", "columns", "depth"):
        size, most = getattr(mapping, name), getattr(limit, name)
        if not 1 <= size <= most:
            raise ValueError(
                f"{name} of a tile must be from 1 to {most} ({mapping.dataflow}, {config.name}), not {size}"
            )
    if mapping.depth % group_of(gemm)[0]:
        raise ValueError(f"depth of a tile must be a multiple of the group's {group_of(gemm)[0]}, not {mapping.depth}")
    return mapping
