"""Offline scheduling: for each GEMM the dataflow, tile sizes and order that take the fewest cycles.

Candidates are ranked by a lower bound of their cycles, which costs next to nothing, and simulated in that order until
the bound reaches the best found: so the answer is the best of all candidates. A candidate whose turn comes is first
ranked again, with the bytes that it reads. Where all tile sizes are few enough, all of them are candidates; else those
that split an operand evenly into as few tiles as fit, or a few more.
"""

import heapq
import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import product

import numpy as np

from rtl.sat import timing
from rtl.sat.config import SatConfig
from tlm.blocks import ORDERS
from tlm.gemm import OUTPUT_BYTES, Gemm
from tlm.memory import Memory, memory_of
from tlm.sat.dataflow import DATAFLOWS, Sizes, blocks_of, dataflow_of, group_of
from tlm.sat.mapping import Mapping, check_pattern, largest
from tlm.sat.program import GemmProgram
from tlm.timeline import simulate
from tlm.work import nameless

ALL_SIZES = 20_000  # mappings of a dataflow up to which all are candidates
MORE_TILES = 3  # else: so many tiles more than needed, along each dimension


def best_mapping(
    gemm: Gemm, config: SatConfig, dataflows: Sequence[str] = tuple(DATAFLOWS), memory: Memory | None = None
) -> tuple[Mapping, int]:
    """The mapping of fewest cycles, and its cycles; of equal ones that of the lowest bound.

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
    candidates = [mapping for dataflow in dataflows for mapping in _candidates(gemm, config, dataflow)]
    bounds = _lower_bounds(gemm, config, candidates, memory)
    ranked = [(bound, i, False) for i, bound in enumerate(bounds.tolist())]
    heapq.heapify(ranked)
    best, fewest = candidates[0], math.inf
    while ranked and ranked[0][0] < fewest:
        bound, i, final = heapq.heappop(ranked)
        program = GemmProgram(gemm, config, candidates[i], memory)
        if not final:
            heapq.heappush(ranked, (max(bound, _read_bound(program)), i, True))
        elif (cycles := simulate(program).cycles) < fewest:
            best, fewest = candidates[i], cycles
    return best, int(fewest)


def _candidates(gemm: Gemm, config: SatConfig, dataflow: str) -> Iterator[Mapping]:
    """Mappings of a dataflow, larger tiles first."""
    most, (group, _) = largest(gemm, config, dataflow), group_of(gemm)
    limits = ((gemm.m, most.rows, 1), (gemm.n, most.columns, 1), (gemm.k, most.depth, group))
    sizes = [_all_sizes(*limit) for limit in limits]
    if np.prod([len(s) for s in sizes], dtype=float) * len(ORDERS) > ALL_SIZES:
        sizes = [_even_sizes(*limit) for limit in limits]
    blocks = ("rows", "columns")
    for rows, columns, depth in product(*sizes):
        # With a single block along one of both dimensions there is but one order.
        for order in blocks if rows < gemm.m and columns < gemm.n else blocks[:1]:
            yield Mapping(dataflow, rows, columns, depth, order)


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


def _lower_bounds(gemm: Gemm, config: SatConfig, mappings: Sequence[Mapping], memory: Memory) -> np.ndarray:
    """Cycles that each mapping takes at the least, (mappings,), without a look at what its tiles read."""
    bounds = np.empty(len(mappings))
    flows = np.array([mapping.dataflow for mapping in mappings])
    for name in dict.fromkeys(flows.tolist()):
        chosen = np.flatnonzero(flows == name)
        fields = zip(Sizes._fields, (gemm.m, gemm.n, gemm.k), strict=True)
        sizes = Sizes(
            *(np.minimum([getattr(mappings[i], field) for i in chosen.tolist()], total) for field, total in fields)
        )
        bounds[chosen] = _bounds_of(gemm, config, name, sizes, memory)
    return bounds


def _bounds_of(gemm: Gemm, config: SatConfig, dataflow: str, sizes: Sizes, memory: Memory) -> np.ndarray:
    """Cycles at the least under mappings of one dataflow.

    The array is busy for all turns, the read channel for all loads, the write channel for all stores, each one after
    another. Before the first step comes the first load, after the last step the drain and the last store; after the
    last load one drain and store, too; before the first store the first load and drain. So the cycles are at least

        drain + max(max(first load + steps, loads) + one store, first load + stores)

    with the skew of the rows in the drain. The first tile reads a corner of both operands, which no buffer has yet, and
    the last one may be small: of them only the lines of one group, or row, and a word are counted.
    """
    least = dataflow_of(dataflow).least_work(gemm, config, sizes)
    blocks, across = blocks_of(gemm, sizes), -(-gemm.n // sizes.columns)
    tiles = blocks * -(-gemm.k // sizes.depth)
    first_load = timing.LOAD_SETUP + memory.reads_at_least(1, least.first_lines, 0, off_chip=1) + timing.START_SETUP
    loads = tiles * timing.LOAD_SETUP + memory.reads_at_least(tiles, least.lines, 0)
    drain = timing.drain_lag(config.rows, config.columns, least.row_skew)
    results = gemm.count * gemm.m * gemm.n * OUTPUT_BYTES[gemm.output]
    # A row of a block leaves in at least one word.
    stores = blocks * timing.STORE_SETUP + memory.writes_at_least(blocks, gemm.count * gemm.m * across, results)
    first_to_last = np.maximum(first_load + least.turns * config.turn, loads) + _one_store(memory)
    return drain + np.maximum(first_to_last, first_load + stores)


def _one_store(memory: Memory) -> float:
    return float(timing.STORE_SETUP + memory.writes_at_least(1, 1, 0))


def _read_bound(program: GemmProgram) -> float:
    """Cycles at the least by the bytes that are read: all loads one after another, then a drain and a store."""
    config, traffic = program.config, program.traffic
    tiles, reading = traffic.tiles
    reads = program.memory.reads_at_least(tiles, 0, sum(traffic.total), off_chip=reading)
    loads = float(tiles * timing.LOAD_SETUP + reads)
    return loads + timing.drain_lag(config.rows, config.columns, 0) + _one_store(program.memory)
