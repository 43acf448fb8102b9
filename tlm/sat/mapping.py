"""A mapping of a GEMM to SAT's array: the dataflow, the sizes of the tiles, and the order of blocks."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rtl.sat.config import SatConfig
from rtl.sparsity import Sparsity
from tlm.blocks import block_corners, check_order
from tlm.gemm import Gemm
from tlm.sat.dataflow import dataflow_of, group_of


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
        return block_corners((gemm.m, gemm.n), (self.rows, self.columns), self.order)


@dataclass(frozen=True, eq=False)
class Mappings:
    """Many mappings of one dataflow and order: sizes of their tiles, arrays (mappings,) of whole numbers."""

    dataflow: str
    rows: np.ndarray
    columns: np.ndarray
    depth: np.ndarray
    order: str

    def __getitem__(self, number: int) -> Mapping:
        """The mapping of that number."""
        rows, columns, depth = (int(sizes[number]) for sizes in (self.rows, self.columns, self.depth))
        return Mapping(self.dataflow, rows, columns, depth, self.order)

    def __len__(self) -> int:
        """The number of mappings."""
        return len(self.rows)


def check_pattern(sparsity: Sparsity | None, config: SatConfig) -> None:
    """Raise ValueError for another accelerator's configuration, and a group longer than the datapath's largest M."""
    if not isinstance(config, SatConfig):
        raise ValueError(f"a program of SAT must be for a {SatConfig.__name__}, not for a {type(config).__name__}")
    if sparsity and sparsity.m > config.largest_m:
        raise ValueError(
            f"sparsity {sparsity} needs M up to largest_m = {config.largest_m} of configuration {config.name}"
        )


def largest(gemm: Gemm, config: SatConfig, dataflow: str) -> Mapping:
    """The largest tiles that fit the buffers. Raises ValueError for an unknown dataflow."""
    return Mapping(dataflow, *dataflow_of(dataflow).largest(gemm, config))


def mapping_of(gemm: Gemm, config: SatConfig, mapping: Mapping | str) -> Mapping:
    """The mapping itself, or the largest one of a dataflow's name. Raises ValueError for one that does not fit."""
    check_pattern(gemm.sparsity, config)
    if not isinstance(mapping, Mapping | str):
        raise ValueError(f"a mapping on this accelerator must be a Mapping or a dataflow's name, not {mapping!r}")
    limit = largest(gemm, config, mapping if isinstance(mapping, str) else mapping.dataflow)
    if isinstance(mapping, str):
        return limit
    check_order(mapping.order)
    for name in ("rows", "columns", "depth"):
        size, most = getattr(mapping, name), getattr(limit, name)
        if type(size) is not int or not 1 <= size <= most:
            raise ValueError(
                f"{name} of a tile must be from 1 to {most} ({mapping.dataflow}, {config.name}), not {size!r}"
            )
    if mapping.depth % group_of(gemm)[0]:
        raise ValueError(f"depth of a tile must be a multiple of the group's {group_of(gemm)[0]}, not {mapping.depth}")
    return mapping
