"""SIGMA's arithmetic on this processor: products that are summed in the order of its adder networks."""

import numpy as np

from cosim.exchange import Operands
from cosim.sigma.codec import blocks
from cosim.sigma.scheduling import sides, zeros_of
from rtl.golden import to_fp16
from rtl.golden.fan import slots
from rtl.golden.sigma import add, sums
from tlm.sigma.controller import lanes_of
from tlm.sigma.program import SigmaProgram
from tlm.sigma.tile import SigmaTile


def products(program: SigmaProgram, operands: Operands) -> np.ndarray:
    """c (M, N), float32 or float16; or (count, M, N).

    The part that a tile adds to an element is the sum of its row's run in a Flex-DPE; where the next Flex-DPE goes on
    with the row, the sum of both, in that order. An element is the sum of its parts, tile by tile, from +0 on.
    """
    rows, _, columns = program.shape
    c = np.zeros((program.gemm.count, rows, columns), np.float32)
    for tile in program.tiles():
        block = c[tile.item, tile.row : tile.row + tile.rows, tile.column : tile.column + tile.columns]
        for row, part in _parts(program, operands, tile).items():
            block[row] = add(block[row], part)
    c = c if program.mapping.stationary == "mk" else c.transpose(0, 2, 1)
    c = np.ascontiguousarray(c if program.gemm.count > 1 else c[0])
    return c if program.gemm.output == "fp32" else to_fp16(c)


def _parts(program: SigmaProgram, operands: Operands, tile: SigmaTile) -> dict[int, np.ndarray]:
    """The parts that a tile adds to rows of its block: (columns,) float32 each."""
    config, (stationary, stream) = program.config, sides(program.mapping.stationary, operands.item(tile.item))
    rows, depth, columns = blocks(tile)
    lanes = lanes_of(tile.fold, zeros_of(program).kept(tile.item, rows, depth, columns), config)
    held, streamed = stationary[rows, depth], stream[depth, columns].T
    parts: dict[int, np.ndarray] = {}
    for engine in range(tile.fold.engines):
        segments = [segment for segment in tile.fold.segments if segment.engine == engine]
        count = segments[-1].lane + segments[-1].count
        of_lanes, elements = lanes.rows[engine, :count], lanes.elements[engine, :count]
        runs = (*of_lanes.tolist(), *[None] * (config.lanes - count))
        values, stream_of = np.zeros(config.lanes, held.dtype), np.zeros((len(streamed), config.lanes), held.dtype)
        values[:count], stream_of[:, :count] = held[of_lanes, elements], streamed[:, elements]
        found, _ = sums(values, stream_of, runs)
        for segment, run in zip(segments, slots(runs), strict=True):
            part = found[:, run.slot]
            parts[segment.row] = add(parts[segment.row], part) if segment.row in parts else part
    return parts
