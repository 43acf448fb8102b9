"""SIGMA's arithmetic on this processor: products that are summed in the order of its adder networks."""

import numpy as np

from cosim.exchange import Operands
from cosim.kernel.kernel import path
from cosim.kernel.kernel_trees import Packing, tree_sums
from cosim.sigma.codec import blocks
from cosim.sigma.scheduling import sides, zeros_of
from rtl.float.formats import FP32_NAN
from rtl.golden import to_fp16
from rtl.golden.fan import slots
from rtl.golden.sigma import add, sums
from tlm.sigma.controller import lanes_of
from tlm.sigma.program import SigmaProgram
from tlm.sigma.tile import SigmaTile


def products(program: SigmaProgram, operands: Operands) -> np.ndarray:
    """c (M, N), float32 or float16; or (count, M, N). In C++, or in NumPy where there is no compiler.

    The part that a tile adds to an element is the sum of its row's run in a Flex-DPE; where the next Flex-DPE goes on
    with the row, the sum of both, in that order. An element is the sum of its parts, tile by tile, from +0 on.
    """
    both = sides(program.mapping.stationary, operands)
    stationary, stream = (side if side.ndim == 3 else side[None] for side in both)
    if path() == "numpy":
        c = _products(program, stationary, stream)
    else:
        config, mapping = program.config, program.mapping
        packing = Packing(mapping.rows, mapping.columns, *config.size, config.results)
        c = np.stack([tree_sums(*one, packing) for one in zip(stationary, stream, strict=True)])
        c[np.isnan(c)] = np.uint32(FP32_NAN).view(np.float32)
    c = c if program.mapping.stationary == "mk" else c.transpose(0, 2, 1)
    c = np.ascontiguousarray(c if program.gemm.count > 1 else c[0])
    return c if program.gemm.output == "fp32" else to_fp16(c)


def _products(program: SigmaProgram, stationary: np.ndarray, stream: np.ndarray) -> np.ndarray:
    """(count, rows, columns) of the sides (count, rows, k) and (count, k, columns), in NumPy."""
    c = np.zeros((len(stationary), stationary.shape[1], stream.shape[2]), np.float32)
    for tile in program.tiles():
        rows, depth, columns = blocks(tile)
        block = c[tile.item, rows, columns]
        held, streamed = stationary[tile.item, rows, depth], stream[tile.item, depth, columns].T
        for row, part in _parts(program, held, streamed, tile).items():
            block[row] = add(block[row], part)
    return c


def _parts(program: SigmaProgram, held: np.ndarray, streamed: np.ndarray, tile: SigmaTile) -> dict[int, np.ndarray]:
    """The parts that a tile adds to rows of its block, (columns,) float32 each: of its stationary values (rows, depth),
    and of the streamed ones (columns, depth)."""
    config, (rows, depth, columns) = program.config, blocks(tile)
    lanes = lanes_of(tile.fold, zeros_of(program).kept(tile.item, rows, depth, columns), config)
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
