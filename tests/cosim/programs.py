"""GEMMs and updates with operands, and their results as the device would send them."""

from collections.abc import Iterable

import numpy as np

from cosim import Operands, Weights
from cosim.accelerators import execution_row_of
from rtl.config import Config
from rtl.golden import Rates, nm_mask
from rtl.sat.config import SatConfig
from rtl.sparsity import Sparsity
from tests.cosim.support import TINY, operands
from tests.support import update
from tlm import Gemm, GemmProgram, Program, Update, UpdateProgram, UpdateTile, schedule_update
from tlm.memory import memory_of
from tlm.sat.program import schedule_gemm

ODD = SatConfig(name="odd", rows=3, columns=5, interleave=7, largest_m=8, chunk=24, update_lanes=4)
RATES = Rates(0.1, 0.9, 1e-3, 4.0)


def program_of(m, k, n, sparsity=None, config=TINY, output="fp32", mapping="os") -> GemmProgram:
    return schedule_gemm(Gemm(m, k, n, Sparsity.parse(sparsity), output), config, mapping)


def scheduled(gemm: Gemm, operands: Operands, config: Config, mapping=None) -> Program:
    """The program that an engine makes of these operands."""
    return execution_row_of(config).schedule(gemm, operands, config, mapping, memory_of(config))


def pruned(program: GemmProgram, seed=1) -> tuple[np.ndarray, np.ndarray]:
    """Operands of any bits, b with zeros where the program's sparsity prunes."""
    gemm = program.gemm
    a, b = operands(gemm.m, gemm.k, gemm.n, seed, "any_bits", "any_bits")
    if gemm.sparsity:
        b = np.where(nm_mask(b, gemm.sparsity.n, gemm.sparsity.m), b, np.float16(0))
    return a, b


def number(line: np.ndarray) -> int:
    """An operand line as an integer."""
    return int.from_bytes(line.tobytes(), "little")


def stored(program: GemmProgram, c) -> list[int]:
    """The beats of c in the order in which blocks leave: slot by slot, each from the top row; rubbish beyond c."""
    result, columns = [], program.config.columns
    for tile in (tile for tile in program.tiles() if tile.last):
        for slot in range(program.slots(tile)):
            first = tile.column + slot * columns
            for row in range(tile.row, tile.row + tile.rows):
                result.append(
                    sum(
                        int(c[row, n]) << 32 * i if n < tile.column + tile.columns else 0xDEAD << 32 * i
                        for i, n in enumerate(range(first, first + columns))
                    )
                )
    return result


def as_received(beats: Iterable[int], columns: int) -> np.ndarray:
    """Words as the host holds them: (beats, columns) uint32."""
    return np.stack([np.frombuffer(beat.to_bytes(4 * columns, "little"), "<u4") for beat in beats])


def update_of(k, n, channels, sparsity=None, config=TINY, forward=True, backward=True, momentum=True) -> UpdateProgram:
    pattern = Sparsity.parse(sparsity)
    return schedule_update(
        Update(k, n, channels, pattern, bool(pattern) and forward, bool(pattern) and backward, momentum), config
    )


def weights_of(program: UpdateProgram, kind="wide", seed=1, rates=RATES) -> Weights:
    """Weights, with momentum velocities and gradients of the same kind."""
    w, v, g = update.triple(np.random.default_rng(seed), (program.update.k, program.update.n), kind, rates)
    return Weights(w, v, g, rates) if program.update.momentum else Weights(w)


def source_row(program: UpdateProgram, streamed: int) -> int | None:
    """The row of the weights that streams by in that place, or None where zeros fill a kernel position's last group."""
    position, row = divmod(streamed, program.update.segment)
    inside = row < program.update.channels and streamed < program.update.streamed
    return position * program.update.channels + row if inside else None


def tile_of(program: UpdateProgram, given: Weights, tile: UpdateTile) -> update.Tile:
    """The tile with its command's fields and its vectors, element by element; zeros where there are no weights."""
    vectors = np.zeros((3, tile.vectors, program.config.largest_m), np.float32)
    for vector in range(tile.vectors):
        row = source_row(program, tile.row + vector)
        for lane in range(tile.columns if row is not None else 0):
            for matrix, values in zip(vectors, (given.weights, given.velocities, given.gradients), strict=True):
                matrix[vector, lane] = 0 if values is None else values[row, tile.column + lane]
    what, pattern = program.update, program.update.sparsity
    command = dict(
        vectors=tile.vectors,
        momentum=what.momentum,
        masters=what.momentum,
        half=what.stores_half,
        forward=what.forward,
        backward=what.backward,
        n=pattern.n if pattern else 0,
        m=pattern.m if pattern else 0,
    )
    return update.Tile({name: int(value) for name, value in command.items()}, *vectors)


def sent_back(program: UpdateProgram, given: Weights) -> list[int]:
    """The beats of an update in the order in which they leave."""
    each = [tile_of(program, given, tile) for tile in program.tiles()]
    return [
        word
        for tile in each
        for word in update.cut(program.config, tile.command, update.rows(program.config, tile, given.rates))
    ]
