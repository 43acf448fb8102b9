"""For each GEMM on SIGMA the operand that stays, the blocks and their order that take the fewest cycles."""

import math
from collections.abc import Iterator
from functools import lru_cache

from rtl.sigma import words
from rtl.sigma.config import SigmaConfig
from tlm.gemm import OUTPUT_BYTES, Gemm
from tlm.mapping import ORDERS
from tlm.sigma.mapping import STATIONARY, SigmaMapping, check_stationary
from tlm.sigma.occupancy import Spread
from tlm.sigma.program import SigmaProgram
from tlm.timeline import simulate

TRIED = 4  # programs of the lowest estimates that are simulated, beside that of the largest blocks


def best_sigma_mapping(
    gemm: Gemm,
    config: SigmaConfig,
    densities: tuple[float, float] = (1.0, 1.0),
    stationary: str | None = None,
    margin: float = 0.0,
) -> tuple[SigmaProgram, int]:
    """The program of fewest cycles, and its cycles, where the values of a and b that are not zero are spread evenly.

    densities   of a and b: shares of values that are not zero
    stationary  'mk' or 'kn': only programs where that operand stays
    margin      of tlm.sigma.occupancy.Spread: above 0 where zeros come by chance
    Raises ValueError for an unknown operand.
    """
    if stationary is not None:
        check_stationary(stationary)
    names = [stationary] if stationary else STATIONARY
    found = [_best(gemm, gemm.sources, config, densities, name, margin) for name in names]
    return min(found, key=lambda one: one[1])


@lru_cache(maxsize=4096)  # the layers of a network are alike
def _best(
    gemm: Gemm, _sources: tuple, config: SigmaConfig, densities: tuple[float, float], stationary: str, margin: float
) -> tuple[SigmaProgram, int]:
    """GEMMs that differ in their sources alone are equal, but take other cycles."""
    occupancy = Spread(*(densities if stationary == "mk" else reversed(densities)), margin)
    largest, *others = [
        SigmaProgram(gemm, config, mapping, occupancy) for mapping in _candidates(gemm, config, stationary, occupancy)
    ]
    programs = [largest, *sorted(others, key=_estimate)[:TRIED]]
    costs = [simulate(program).cycles for program in programs]
    fewest = min(costs)
    return programs[costs.index(fewest)], fewest


def _estimate(program: SigmaProgram) -> float:
    """Cycles of the steps, of the loads or of the stores, whichever are most, if all blocks and chunks were full."""
    (rows, k, columns), config, mapping = program.shape, program.config, program.mapping
    down, along, chunks = (
        -(-size // part) for size, part in ((rows, mapping.rows), (columns, mapping.columns), (k, config.lanes))
    )
    folds = program.occupancy.shares[0] * rows * k / config.elements
    full = max(1, -(-program.occupancy.shares[0] * mapping.rows * min(k, config.lanes) // config.elements))
    steps = full * down * chunks * along * max(config.turn, min(mapping.columns, columns))
    records = words.pieces(words.engine_record(config), config) * config.engines
    lines = along * folds * records + down * chunks * columns
    latency = config.memory_latency * full * down * chunks * along
    read = sum(program.traffic.estimate) / config.read_bytes_per_cycle
    write = program.gemm.m * program.gemm.n * OUTPUT_BYTES[program.gemm.output] / config.write_bytes_per_cycle
    return program.gemm.count * max(steps, max(lines, read) + latency, write)


def _candidates(gemm: Gemm, config: SigmaConfig, stationary: str, occupancy: Spread) -> Iterator[SigmaMapping]:
    """Mappings of that operand, larger blocks first."""
    rows, k, columns = SigmaMapping(stationary, 1, 1).sides(gemm)
    of_row = occupancy.shares[0] * min(k, config.lanes)  # values in a chunk
    deviation = occupancy.margin * math.sqrt(1 - occupancy.shares[0])
    heights = {
        *_even(rows, config.rows),
        *(size for size in _full(of_row, deviation, config) if size <= min(rows, config.rows)),
    }
    widths = _even(columns, config.columns)
    for height in sorted(heights, reverse=True):
        for width in sorted(widths, reverse=True):
            # With a single block along one of both dimensions there is but one order.
            for order in ORDERS if height < rows and width < columns else list(ORDERS)[:1]:
                yield SigmaMapping(stationary, height, width, order)


def _even(total: int, most: int) -> set[int]:
    """The largest size of a block, and the one that splits a dimension evenly into as few."""
    fewest = -(-total // most)
    return {min(most, total), -(-total // fewest)}


def _full(of_row: float, deviation: float, config: SigmaConfig) -> set[int]:
    """Rows that fill all Flex-DPEs once, twice, ... but for some lanes: with mean + deviation sqrt(mean) values."""
    if not of_row:
        return set()
    folds = range(1, math.ceil(config.rows * of_row / config.elements) + 1)
    means = ((math.sqrt(deviation**2 / 4 + fold * config.elements) - deviation / 2) ** 2 for fold in folds)
    return {size for mean in means if 0 < (size := int(mean / of_row + 1e-9)) <= config.rows}
