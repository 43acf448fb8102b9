"""Offline scheduling: for each GEMM the dataflow, tile sizes and order that take the fewest cycles.

Candidates are simulated in the order of a lower bound of their cycles (tlm/sat/bounds.py), which costs next to nothing,
until the bound exceeds the fewest found: so the answer is the best of all candidates. Where all tile sizes are few
enough, all of them are candidates; else those that split an operand evenly into as few tiles as fit, or a few more.
"""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from rtl.sat.config import SatConfig
from tlm.blocks import ORDERS
from tlm.gemm import Gemm
from tlm.memory import Memory, memory_of
from tlm.sat.bounds import Bounds
from tlm.sat.dataflow import DATAFLOWS, group_of
from tlm.sat.mapping import Mapping, Mappings, check_pattern, largest
from tlm.sat.program import GemmProgram
from tlm.timeline import simulate
from tlm.work import nameless

ALL_SIZES = 20_000  # mappings of a dataflow up to which all are candidates
MORE_TILES = 3  # else: so many tiles more than needed, along each dimension


def best_mapping(
    gemm: Gemm, config: SatConfig, dataflows: Sequence[str] = tuple(DATAFLOWS), memory: Memory | None = None
) -> tuple[Mapping, int]:
    """The mapping of fewest cycles, and its cycles; of equal ones that of the lowest `Bounds.rank`, then larger tiles.

    memory  None: the configuration's
    Raises ValueError for another accelerator's configuration, a group longer than the datapath's largest M, and an
    unknown dataflow.
    """
    check_pattern(gemm.sparsity, config)
    if not dataflows:
        raise ValueError(f"the dataflows to choose from must be some of {', '.join(DATAFLOWS)}, not none")
    return _best_mapping(nameless(gemm), config, tuple(dataflows), memory_of(config, memory))


@lru_cache(maxsize=4096)  # the layers of a network are alike, and methods share GEMMs
def _best_mapping(gemm: Gemm, config: SatConfig, dataflows: tuple[str, ...], memory: Memory) -> tuple[Mapping, int]:
    candidates = [mappings for dataflow in dataflows for mappings in _candidates(gemm, config, dataflow)]
    bounds = [Bounds(gemm, config, mappings, memory) for mappings in candidates]
    least, rank = (np.concatenate([getattr(one, name) for one in bounds]) for name in ("least", "rank"))
    starts = np.cumsum([0, *map(len, candidates)])
    best: tuple = (math.inf, math.inf)
    for number in np.lexsort((rank, least)).tolist():
        if (least[number], rank[number]) > best[:2]:
            break
        group = int(np.searchsorted(starts, number, side="right")) - 1
        mapping = candidates[group][number - starts[group]]
        cycles = simulate(GemmProgram(gemm, config, mapping, memory)).cycles
        larger = -mapping.rows, -mapping.columns, -mapping.depth
        best = min(best, (cycles, rank[number], group // len(ORDERS), *larger, mapping.order != "rows", mapping))
    return best[-1], best[0]


def _candidates(gemm: Gemm, config: SatConfig, dataflow: str) -> Iterator[Mappings]:
    """Mappings of a dataflow, those of each order."""
    most, (group, _) = largest(gemm, config, dataflow), group_of(gemm)
    limits = ((gemm.m, most.rows, 1), (gemm.n, most.columns, 1), (gemm.k, most.depth, group))
    sizes = [_all_sizes(*limit) for limit in limits]
    if math.prod(map(len, sizes)) * len(ORDERS) > ALL_SIZES:
        sizes = [_even_sizes(*limit) for limit in limits]
    rows, columns, depth = (grid.ravel() for grid in np.meshgrid(*sizes, indexing="ij"))
    # With a single block along one of both dimensions there is but one order.
    several = (rows < gemm.m) & (columns < gemm.n)
    yield Mappings(dataflow, rows, columns, depth, "rows")
    yield Mappings(dataflow, rows[several], columns[several], depth[several], "columns")


def _all_sizes(total: int, most: int, unit: int) -> list[int]:
    """Every size of a tile along a dimension, the largest first."""
    top = min(most, -(-total // unit) * unit)
    return list(range(top, 0, -unit))


def _even_sizes(total: int, most: int, unit: int) -> list[int]:
    """The largest size, and sizes that split the dimension evenly into few tiles."""
    fewest = -(-total // most)
    even = {-(-total // count // unit) * unit for count in range(fewest, fewest + MORE_TILES + 1)}
    top = min(most, -(-total // unit) * unit)
    return sorted({size for size in even if 0 < size <= top} | {top}, reverse=True)
