"""A weight update on the device's streams: weights become lines, and beats weights and their copies."""

from collections.abc import Callable
from functools import partial

import numpy as np

from cosim.exchange import Copy, Updated, Weights
from rtl.sat import layouts
from tlm import UpdateProgram, UpdateTile


def encoder(program: UpdateProgram, operands: Weights) -> Callable[[UpdateTile], np.ndarray]:
    """What gives a tile its operand lines: (lines, bytes) uint8."""
    return partial(_lines, program, operands)


def _lines(program: UpdateProgram, operands: Weights, tile: UpdateTile) -> np.ndarray:
    # Of each slice the weights, then velocities and gradients.
    config, lanes = program.config, program.config.update_lanes
    given = operands.weights, operands.velocities, operands.gradients
    blocks = [_block(program, matrix, tile).reshape(-1, lanes) for matrix in given if matrix is not None]
    slices = np.stack(blocks, axis=1)
    per_line = layouts.line_bits(config) // 32
    padded = np.zeros((len(slices), program.slice_lines * per_line), np.float32)
    padded[:, : slices[0].size] = slices.reshape(len(slices), -1)
    data = padded.reshape(-1, per_line).view(np.uint8)
    return np.pad(data, ((0, 0), (0, -(-layouts.line_bits(config) // 8) - data.shape[1])))


def _block(program: UpdateProgram, matrix: np.ndarray, tile: UpdateTile) -> np.ndarray:
    """The tile's vectors (vectors, largest_m), zeros beyond the matrix and in a kernel position's last group."""
    block = np.zeros((tile.vectors, program.config.largest_m), np.float32)
    streamed = _streamed(program)[tile.row : tile.row + tile.rows]
    inside = streamed >= 0
    block[: tile.rows][inside, : tile.columns] = matrix[streamed[inside], tile.column : tile.column + tile.columns]
    return block


def _streamed(program: UpdateProgram) -> np.ndarray:
    """For each streamed row, the matrix's row, or -1 where zeros fill a group."""
    update = program.update
    rows = np.full((update.k // update.channels, update.segment), -1)
    rows[:, : update.channels] = np.arange(update.k).reshape(-1, update.channels)
    return rows.reshape(-1)


def command(program: UpdateProgram, tile: UpdateTile) -> int:
    """The tile's command (rtl/sat/layouts.py, update), and above it the bit that tells it from a GEMM's."""
    update, bits = program.update, layouts.command_bits(program.config) - 1
    pattern = update.sparsity
    return 1 << bits | layouts.update(program.config).pack(
        vectors=tile.vectors,
        momentum=update.momentum,
        masters=update.momentum,
        half=update.stores_half,
        forward=update.forward,
        backward=update.backward,
        n=pattern.n if pattern else 0,
        m=pattern.m if pattern else 0,
    )


def result(program: UpdateProgram, beats: np.ndarray) -> Updated:
    """The results of the update, from the beats of all tiles, (beats, columns) uint32."""
    update, found, place = program.update, _Found(program), 0
    for tile in program.tiles():
        for name, bits in program.sections.items():
            count, each = program.rows(tile, name), -(-bits // (32 * program.config.columns))
            found.put(tile, name, beats[place : place + count * each].reshape(count, -1))
            place += count * each
    inside = np.flatnonzero(_streamed(program) >= 0)
    w, v = found.masters[:, inside, : update.n].view(np.float32)
    half = found.half[inside, : update.n].view(np.float16)
    forward, backward = found.copies["forward"][:, :, : update.n], found.copies["backward"][:, :, inside]
    return Updated(
        w if update.momentum else None,
        v if update.momentum else None,
        half if update.stores_half else None,
        _copy(forward) if update.forward else None,
        _copy(backward) if update.backward else None,
    )


class _Found:
    """The results so far, with room for the zeros that fill vectors and groups."""

    def __init__(self, program: UpdateProgram):
        self.program, update, lanes = program, program.update, program.config.largest_m
        self.n, self.m = (update.sparsity.n, update.sparsity.m) if update.sparsity else (1, lanes)
        rows, width = update.streamed + lanes, -(-update.n // lanes) * lanes
        self.masters, self.half = np.zeros((2, rows, width), np.uint32), np.zeros((rows, width), np.uint16)
        # A copy has room for every tile; its groups end with those that begin within the weights.
        self.entries = dict(
            forward=np.zeros((-(-rows // self.m), self.n, width), np.uint32),
            backward=np.zeros((width // self.m, self.n, rows), np.uint32),
        )

    @property
    def copies(self) -> dict[str, np.ndarray]:
        """The entries of both copies."""
        update = self.program.update
        return dict(
            forward=self.entries["forward"][: -(-update.streamed // self.m)],
            backward=self.entries["backward"][: -(-update.n // self.m)],
        )

    def put(self, tile: UpdateTile, name: str, rows: np.ndarray) -> None:
        """Put a section's rows, (rows, 32-bit parts) uint32, in their place."""
        lanes = self.program.config.largest_m
        columns, vectors = slice(tile.column, tile.column + lanes), slice(tile.row, tile.row + tile.vectors)
        if name == "masters":
            self.masters[:, vectors, columns] = rows[:, : 2 * lanes].reshape(len(rows), 2, -1).transpose(1, 0, 2)
        elif name == "half":
            self.half[vectors, columns] = rows.view(np.uint16)[:, :lanes]
        elif name == "forward":
            first = tile.row // self.m
            self.entries[name][first : first + len(rows), :, columns] = self._unpack(rows)
        else:
            first, groups = tile.column // self.m, lanes // self.m
            by_vector = self._unpack(rows).reshape(len(rows), self.n, self.m, groups).transpose(3, 1, 0, 2)
            self.entries[name][first : first + groups, :, vectors] = by_vector.reshape(groups, self.n, -1)

    def _unpack(self, rows: np.ndarray) -> np.ndarray:
        """Rows of a copy as entries (rows, N, largest_m)."""
        lanes, entry = self.program.config.largest_m, layouts.weight(self.program.config).width
        bits = np.unpackbits(rows.view(np.uint8), axis=-1, bitorder="little")[:, : self.n * lanes * entry]
        places = 1 << np.arange(entry, dtype=np.uint32)
        return (bits.reshape(len(rows), self.n, lanes, entry) * places).sum(axis=-1).astype(np.uint32)


def _copy(entries: np.ndarray) -> Copy:
    return Copy((entries & 0xFFFF).astype(np.uint16).view(np.float16), (entries >> 16).astype(np.uint8))


def constants(operands: Weights) -> int:
    """The device's constants (rtl/sat/layouts.py, rates); 0 where weights are only reduced."""
    if operands.rates is None:
        return 0
    names = layouts.rates().fields
    return layouts.rates().pack(
        **{name: int(x.view(np.uint32)) for name, x in zip(names, operands.rates.constants, strict=True)}
    )
