"""A GEMM on the device's streams: operands become lines, tiles commands, and beats of the result port a matrix."""

from collections import OrderedDict
from collections.abc import Callable

import numpy as np

from cosim.exchange import Operands
from cosim.im2col import Im2col
from rtl.golden import nm_compact
from rtl.sat import layouts
from rtl.sat.config import BEAT, SatConfig
from tlm import GemmProgram, Tile

REMEMBERED = 1 << 26  # bytes of lines: a row of blocks has the same activations, a column of them the same weights


def encoder(program: GemmProgram, operands: Operands) -> Callable[[Tile], np.ndarray]:
    """What gives a tile its operand lines: (lines, bytes) uint8."""
    largest = next(iter(program.tiles()))
    most = max(1, REMEMBERED // (layouts.line_bits(program.config) // 8 * program.lines(largest)))
    found: OrderedDict[tuple, np.ndarray] = OrderedDict()

    def remembered(key: tuple, make: Callable[[], np.ndarray]) -> np.ndarray:
        if key not in found:
            found[key] = make()
        found.move_to_end(key)
        if len(found) > most:
            found.popitem(last=False)
        return found[key]

    def lines(tile: Tile) -> np.ndarray:
        one, reach = operands.item(tile.item), (tile.item, tile.start, tile.depth, tile.weight_stationary)
        west = remembered((*reach, tile.row, tile.rows), lambda: west_lines(program, one.a, tile))
        north = remembered((*reach, tile.column, tile.columns, 0), lambda: north_lines(program, one.b, tile))
        return np.concatenate([west, north])

    return lines


def command(program: GemmProgram, tile: Tile) -> int:
    """The tile's command (rtl/sat/layouts.py, command)."""
    return layouts.command(program.config).pack(
        west_lines=tile.west_lines,
        north_lines=tile.north_lines,
        groups=tile.groups,
        kept_per_group=tile.kept_per_group,
        kept_in_last_group=tile.kept_in_last_group,
        beats=tile.beats,
        sparse=program.gemm.sparsity is not None,
        first=tile.first,
        last=tile.last,
        rows=tile.rows,
        slots=program.slots(tile),
        width=(tile.columns - 1) % program.config.columns + 1,
        half=program.gemm.output == "fp16",
        weights=tile.weight_stationary,
    )


def result(program: GemmProgram, beats: np.ndarray) -> np.ndarray:
    """c (M, N), float32 or float16, from the beats of all blocks, (beats, columns) uint32; or (count, M, N)."""
    gemm, columns, place = program.gemm, program.config.columns, 0
    c = np.empty((gemm.count, gemm.m, gemm.n), np.uint32)
    for tile in filter(lambda tile: tile.last, program.tiles()):
        block = beats[place : place + program.beats(tile)].reshape(program.slots(tile), tile.rows, columns)
        whole = block.transpose(1, 0, 2).reshape(tile.rows, -1)[:, : tile.columns]
        c[tile.item, tile.row : tile.row + tile.rows, tile.column : tile.column + tile.columns] = whole
        place += program.beats(tile)
    c = c if gemm.count > 1 else c[0]
    return c.view(np.float32) if gemm.output == "fp32" else c.astype(np.uint16).view(np.float16)


def west_lines(program: GemmProgram, a: np.ndarray | Im2col, tile: Tile) -> np.ndarray:
    """The tile's activations as operand lines: (lines, bytes) uint8, zeros beyond the operand.

    A row of the array takes the groups of one row of the result, from the bottom up, which is how sums leave; where
    weights are stationary, it takes one group of each row of the result.
    """
    config, elements = program.config, tile.depth_groups * tile.group_size
    block = np.zeros((max(config.rows, tile.rows), elements), np.float16)
    block[: tile.rows, : tile.depth] = a[tile.row : tile.row + tile.rows, tile.start : tile.start + tile.depth]
    if tile.weight_stationary:
        rows = np.zeros((config.rows, tile.rows, tile.group_size), np.float16)
        rows[: tile.depth_groups] = block[: tile.rows].reshape(tile.rows, -1, tile.group_size).transpose(1, 0, 2)
    else:
        rows = block[::-1]
    beats = rows.reshape(config.rows, tile.west_lines, BEAT).transpose(1, 0, 2)
    return _padded(np.ascontiguousarray(beats).reshape(tile.west_lines, -1).view(np.uint8), config)


def north_lines(program: GemmProgram, b: np.ndarray | Im2col, tile: Tile) -> np.ndarray:
    """The tile's weights as operand lines: (lines, bytes) uint8. b is (K, N), pruned."""
    config, sparsity = program.config, program.gemm.sparsity
    depth = tile.depth if tile.kept_in_last_group < tile.kept_per_group else tile.depth_groups * tile.group_size
    block = np.zeros((depth, config.tile_columns), np.float16)
    block[: tile.depth, : tile.columns] = b[
        tile.start : tile.start + tile.depth, tile.column : tile.column + tile.columns
    ]
    if sparsity:
        values, indices = (x.reshape(-1, config.tile_columns) for x in nm_compact(block, sparsity.n, sparsity.m))
    else:
        values, indices = block, np.zeros(block.shape, np.int64)  # the hardware counts by itself
    # The result's column slot * columns + c is slot `slot` of the array's column c.
    packed = (values.view(np.uint16) | indices << 16).reshape(-1, config.interleave, config.columns)
    packed = np.ascontiguousarray(packed.transpose(0, 2, 1).astype("<u4"))
    bits = np.unpackbits(packed.view(np.uint8).reshape(*packed.shape, 4), axis=-1, bitorder="little")
    bits = bits[..., : layouts.weight(config).width].reshape(tile.north_lines, -1)
    return _padded(np.packbits(bits, axis=-1, bitorder="little"), config)


def _padded(lines: np.ndarray, config: SatConfig) -> np.ndarray:
    padded = np.zeros((len(lines), -(-layouts.line_bits(config) // 8)), np.uint8)
    padded[:, : lines.shape[1]] = lines
    return padded


def constants(operands: Operands) -> int:
    """A GEMM needs no constants: 0."""
    return 0
