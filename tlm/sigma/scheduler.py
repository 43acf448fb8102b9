"""For each GEMM on SIGMA the operand that stays, the blocks and their order that take the fewest cycles."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from rtl.sigma import layouts
from rtl.sigma.config import SigmaConfig
from tlm.blocks import ORDERS
from tlm.gemm import OUTPUT_BYTES, Gemm
from tlm.memory import Memory, memory_of
from tlm.sigma.mapping import STATIONARY, SigmaMapping, check_config, check_stationary
from tlm.sigma.program import SigmaProgram, schedule_sigma
from tlm.sigma.zeros import UniformDensity
from tlm.timeline import simulate
from tlm.work import nameless

TRIED = 4  # programs of the lowest estimates that are simulated, beside that of the largest blocks
MARGIN = 2.0  # standard deviations, of zeros that fall by chance: cycles are then within some per cent


def best_sigma_mapping(
    gemm: Gemm,
    config: SigmaConfig,
    densities: tuple[float, float] | None = None,
    stationary: Sequence[str] = tuple(STATIONARY),
    margin: float = 0.0,
    memory: Memory | None = None,
) -> tuple[SigmaProgram, int]:
    """The program of fewest cycles, and its cycles, where the values of a and b that are not zero are spread evenly.

    densities   of a and b: shares of values that are not zero; None: all of a, and what N:M keeps of b
    stationary  'mk', 'kn' or both: the operands that may stay
    margin      of tlm.sigma.zeros.UniformDensity: above 0 where zeros fall by chance
    memory      None: the configuration's
    Raises ValueError for another accelerator's configuration, and an unknown operand.
    """
    check_config(config)
    if not stationary:
        raise ValueError(f"the operands that may stay must be some of {', '.join(STATIONARY)}, not none")
    for name in stationary:
        check_stationary(name)
    shares = gemm.densities if densities is None else densities
    plain = nameless(gemm)
    found = [_best(plain, config, shares, name, margin, memory_of(config, memory)) for name in stationary]
    program, cycles = min(found, key=lambda one: one[1])
    return replace(program, gemm=gemm), cycles


@lru_cache(maxsize=4096)  # the layers of a network are alike
def _best(
    gemm: Gemm,
    config: SigmaConfig,
    densities: tuple[float, float],
    stationary: str,
    margin: float,
    memory: Memory,
) -> tuple[SigmaProgram, int]:
    own, streamed = densities if stationary == "mk" else reversed(densities)
    zeros = UniformDensity(own, streamed, margin)
    largest, *others = [
        schedule_sigma(gemm, config, zeros, mapping, memory) for mapping in _candidates(gemm, config, stationary, zeros)
    ]
    programs = [largest, *sorted(others, key=_estimate)[:TRIED]]
    costs = [simulate(program).cycles for program in programs]
    fewest = min(costs)
    return programs[costs.index(fewest)], fewest


def _estimate(program: SigmaProgram) -> float:
    """About the cycles that a program takes, by which candidates are ranked: no bound.

    Steps, loads or stores, whichever are most, as if all blocks, chunks and Flex-DPEs were full: a tile takes a step a
    column of its block; its load brings the records of all Flex-DPEs, and once a chunk a line a column.
    """
    (rows, k, columns), config, mapping, memory = program.shape, program.config, program.mapping, program.memory
    down, along, chunks = -(-rows // mapping.rows), -(-columns // mapping.columns), -(-k // config.lanes)
    folds = program.zeros.shares[0] * rows * k / config.elements
    full = max(1, -(-program.zeros.shares[0] * mapping.rows * min(k, config.lanes) // config.elements))
    tiles = full * down * chunks * along
    steps = tiles * max(config.turn, min(mapping.columns, columns))
    records = layouts.pieces(layouts.engine_record(config), config) * config.engines
    lines = along * folds * records + down * chunks * columns
    loads = float(memory.reads_at_least(tiles, lines, sum(program.traffic.estimate), off_chip=tiles))
    result = program.gemm.m * program.gemm.n * OUTPUT_BYTES[program.gemm.output]
    return program.gemm.count * max(steps, loads, float(memory.writes_at_least(0, 0, result)))


def _candidates(gemm: Gemm, config: SigmaConfig, stationary: str, zeros: UniformDensity) -> Iterator[SigmaMapping]:
    """Mappings of that operand, larger blocks first."""
    rows, k, columns = SigmaMapping(stationary, 1, 1).sides(gemm)
    of_row = zeros.shares[0] * min(k, config.lanes)  # values in a chunk
    deviation = zeros.margin * math.sqrt(1 - zeros.shares[0])
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
