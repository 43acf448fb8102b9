"""A GEMM on SIGMA's streams: operands become lines, tiles commands, and beats of the result port a matrix."""

from collections.abc import Callable
from functools import partial

import numpy as np

from cosim.exchange import Operands
from cosim.sigma.scheduling import sides, zeros_of
from rtl.golden.fan import slots
from rtl.hdl.layout import Layout
from rtl.sigma import layouts
from rtl.sigma.config import SigmaConfig
from tlm.sigma.controller import IDLE, Lanes, lanes_of, settings
from tlm.sigma.packing import Fold, Segment
from tlm.sigma.program import SigmaProgram
from tlm.sigma.tile import SigmaTile


def encoder(program: SigmaProgram, operands: Operands) -> Callable[[SigmaTile], np.ndarray]:
    """What gives a tile its operand lines: (lines, bytes) uint8."""
    return partial(_lines, program, operands)


def _lines(program: SigmaProgram, operands: Operands, tile: SigmaTile) -> np.ndarray:
    config, (stationary, stream) = program.config, sides(program.mapping.stationary, operands.item(tile.item))
    rows, depth, columns = blocks(tile)
    lanes = lanes_of(tile.fold, zeros_of(program).kept(tile.item, rows, depth, columns), config)
    held = np.zeros(lanes.rows.shape, stationary.dtype)
    active = lanes.rows != IDLE
    held[active] = stationary[rows, depth][lanes.rows[active], lanes.elements[active]]
    records = [_engine_record(tile.fold, lanes, held, engine, config) for engine in range(tile.fold.engines)]
    found = [_cut(record, layouts.engine_record(config), config) for record in records]
    found.append(_cut(_gather_record(tile.fold, config), layouts.gather_record(config), config))
    if tile.loads_stream:
        ports = np.zeros((tile.columns, config.lanes), stream.dtype)
        ports[:, : tile.depth] = stream[depth, columns].T
        found.append(patterns(ports).view(np.uint8))
    return np.concatenate(found)


def blocks(tile: SigmaTile) -> tuple[slice, slice, slice]:
    """The rows, elements of k and columns that the tile is about."""
    return (
        slice(tile.row, tile.row + tile.rows),
        slice(tile.start, tile.start + tile.depth),
        slice(tile.column, tile.column + tile.columns),
    )


def patterns(values: np.ndarray) -> np.ndarray:
    """Bit patterns, uint16, of float16 values, or of bfloat16 ones that are held as float32."""
    values = np.ascontiguousarray(values)
    return values.view(np.uint16) if values.dtype == np.float16 else (values.view(np.uint32) >> 16).astype(np.uint16)


def _engine_record(fold: Fold, lanes: Lanes, held: np.ndarray, engine: int, config: SigmaConfig) -> int:
    segments = [segment for segment in fold.segments if segment.engine == engine]
    picks = 0
    runs: list[int | None] = [None] * config.lanes
    for number, segment in enumerate(segments):
        runs[segment.lane : segment.lane + segment.count] = [number] * segment.count
    for segment, run in zip(segments, slots(runs), strict=True):
        picks |= run.slot << segment.result * config.levels
    return layouts.engine_record(config).pack(
        values=int.from_bytes(patterns(held[engine]).tobytes(), "little"),
        settings=settings(lanes.elements[engine]),
        runs=sum(run % 2 << lane for lane, run in enumerate(runs) if run),
        active=sum(1 << lane for lane, run in enumerate(runs) if run is not None),
        picks=picks,
    )


def _gather_record(fold: Fold, config: SigmaConfig) -> int:
    # Of a row in two Flex-DPEs the later segment's result is the sum of both.
    last: dict[int, Segment] = {segment.row: segment for segment in fold.segments}
    bits = layouts.gather_bits(config)
    return layouts.gather_record(config).pack(
        picks=sum(segment.engine * config.results + segment.result << row * bits for row, segment in last.items()),
        used=sum(1 << row for row in last),
        spans=sum(1 << engine - 1 for engine, spans in enumerate(fold.spans) if spans),
    )


def _cut(record: int, layout: Layout, config: SigmaConfig) -> np.ndarray:
    """A record as operand lines."""
    count, size = layouts.pieces(layout, config), layouts.line_bits(config) // 8
    return np.frombuffer(record.to_bytes(count * size, "little"), np.uint8).reshape(count, size)


def command(program: SigmaProgram, tile: SigmaTile) -> int:
    """The tile's command (rtl/sigma/layouts.py, command)."""
    return layouts.command(program.config).pack(
        engines=tile.fold.engines,
        columns=tile.columns,
        loads_stream=tile.loads_stream,
        first=tile.first,
        last=tile.last,
        rows=tile.rows,
        half=program.gemm.output == "fp16",
    )


def result(program: SigmaProgram, beats: np.ndarray) -> np.ndarray:
    """c (M, N), float32 or float16, from the beats of all blocks, (beats, rows) uint32; or (count, M, N)."""
    gemm, place = program.gemm, 0
    rows, _, columns = program.shape
    c = np.empty((gemm.count, rows, columns), np.uint32)
    for tile in filter(lambda tile: tile.last, program.tiles()):
        row, _, column = blocks(tile)
        c[tile.item, row, column] = beats[place : place + tile.columns, : tile.rows].T
        place += tile.columns
    c = c if program.mapping.stationary == "mk" else c.transpose(0, 2, 1)
    c = np.ascontiguousarray(c if gemm.count > 1 else c[0])
    return c.view(np.float32) if gemm.output == "fp32" else c.astype(np.uint16).view(np.float16)


def constants(operands: Operands) -> int:
    """The device has no constants: 0."""
    return 0
