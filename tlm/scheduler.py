"""Offline scheduling: for each GEMM the dataflow, tile sizes and order that take the fewest cycles.

Candidates are ranked by a lower bound of their cycles, which costs next to nothing, and simulated in that order until
the bound reaches the best found: so the answer is the best of all candidates. A candidate whose turn comes is first
ranked again, with the bytes that it reads. Where all tile sizes are few enough, all of them are candidates; else those
that split an operand evenly into as few tiles as fit, or a few more.
"""

import heapq
import math
from collections.abc import Iterator
from itertools import product

import numpy as np

from rtl import timing
from rtl.config import BEAT, SatConfig
from tlm.gemm import OUTPUT_BYTES, Gemm
from tlm.mapping import DATAFLOWS, ORDERS, Mapping, check_pattern, group_of, largest
from tlm.memory import BUFFER_LATENCY
from tlm.program import Program
from tlm.timeline import simulate

ALL_SIZES = 20_000  # mappings of a dataflow up to which all are candidates
MORE_TILES = 3  # else: so many tiles more than needed, along each dimension


def best_mapping(gemm: Gemm, config: SatConfig, dataflows: tuple[str, ...] = tuple(DATAFLOWS)) -> tuple[Mapping, int]:
    """The mapping of fewest cycles, and its cycles; of equal ones that of the lowest bound.

    Raises ValueError for a group longer than the datapath's largest M, and for an unknown dataflow.
    """
    check_pattern(gemm.sparsity, config)
    candidates = [mapping for dataflow in dataflows for mapping in _candidates(gemm, config, dataflow)]
    bounds = _lower_bounds(gemm, config, candidates)
    ranked = [(bound, i, False) for i, bound in enumerate(bounds.tolist())]
    heapq.heapify(ranked)
    best, fewest = candidates[0], math.inf
    while ranked and ranked[0][0] < fewest:
        bound, i, final = heapq.heappop(ranked)
        program = Program(gemm, config, candidates[i])
        if not final:
            heapq.heappush(ranked, (max(bound, _read_bound(program)), i, True))
        elif (cycles := simulate(program).cycles) < fewest:
            best, fewest = candidates[i], cycles
    return best, fewest


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


def _lower_bounds(gemm: Gemm, config: SatConfig, mappings: list[Mapping]) -> np.ndarray:
    """Cycles that each mapping takes at the least: a first load, then all steps, loads or stores, and a last store."""
    group, values = group_of(gemm)
    weights = np.array([mapping.dataflow == "ws" for mapping in mappings])
    rows, columns, depth = (
        np.minimum([getattr(mapping, name) for mapping in mappings], total)
        for name, total in (("rows", gemm.m), ("columns", gemm.n), ("depth", gemm.k))
    )
    across, along = -(-gemm.n // columns), -(-gemm.k // depth)
    blocks, m = gemm.count * -(-gemm.m // rows) * across, gemm.count * gemm.m
    groups, tile_groups, beats = -(-gemm.k // group), -(-depth // group), group // BEAT
    kept = np.where(weights | (gemm.sparsity is not None), groups * values, gemm.k)  # lines of a block's weights
    turns = np.where(weights, m * values * across * along, blocks * kept)
    lines = np.where(weights, m * across * along, blocks * groups) * beats + blocks * kept
    # The first tile holds a corner of both operands that no buffer has yet; the last one may be small.
    first_lines = np.where(weights, rows, tile_groups) * beats
    load = timing.LOAD_SETUP + config.memory_latency + first_lines + timing.START_SETUP
    loads = lines + blocks * along * (timing.LOAD_SETUP + min(BUFFER_LATENCY, config.memory_latency))
    hop = np.where(weights, values * config.turn, 1)
    drain = timing.drain_lag(config.rows, config.columns, 0) + config.rows * hop
    store = timing.STORE_SETUP + config.memory_latency + 1
    moved = np.maximum(m * across, m * gemm.n * OUTPUT_BYTES[gemm.output] / config.write_bytes_per_cycle)
    stores = blocks * (store - 1) + moved
    return drain + np.maximum(np.maximum(load + turns * config.turn, loads) + store, load + stores)


def _read_bound(program: Program) -> float:
    """Cycles at the least with what is read: all loads one after another, then what follows the last."""
    config, traffic = program.config, program.traffic
    tiles, reading = traffic.tiles
    loads = tiles * timing.LOAD_SETUP + reading * config.memory_latency + (tiles - reading) * BUFFER_LATENCY
    after = timing.drain_lag(config.rows, config.columns, 0) + timing.STORE_SETUP + config.memory_latency + 1
    return loads + sum(traffic.total) / config.read_bytes_per_cycle + after
