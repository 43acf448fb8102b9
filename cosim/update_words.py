"""A weight update in the device's words: weights become lines, and the words that come back weights and their copies."""
import numpy as np

from cosim.exchange import Copy, Updated, Weights
from rtl import words
from rtl.config import SatConfig
from tlm import UpdateProgram, UpdateTile


def lines(program: UpdateProgram, operands: Weights, tile: UpdateTile) -> np.ndarray:
    """The tile's operand lines: (lines, bytes) uint8. Of each slice the weights, then velocities and gradients."""
    config, lanes = program.config, program.config.update_lanes
    given = [operands.weights, operands.velocities, operands.gradients] if program.update.momentum else [operands.weights]
    slices = np.stack([_block(program, matrix, tile).reshape(-1, lanes) for matrix in given], axis=1)
    per_line = words.line_bits(config) // 32
    padded = np.zeros((len(slices), program.slice_lines * per_line), np.float32)
    padded[:, :slices[0].size] = slices.reshape(len(slices), -1)
    data = padded.reshape(-1, per_line).view(np.uint8)
    return np.pad(data, ((0, 0), (0, -(-words.line_bits(config) // 8) - data.shape[1])))


def _block(program: UpdateProgram, matrix: np.ndarray, tile: UpdateTile) -> np.ndarray:
    """The tile's vectors (vectors, largest_m), zeros beyond the matrix and in a kernel position's last group."""
    block = np.zeros((tile.vectors, program.config.largest_m), np.float32)
    streamed = _streamed(program)[tile.row:tile.row + tile.rows]
    inside = streamed >= 0
    block[:tile.rows][inside, :tile.columns] = matrix[streamed[inside], tile.column:tile.column + tile.columns]
    return block


def _streamed(program: UpdateProgram) -> np.ndarray:
    """For each streamed row, the matrix's row, or -1 where zeros fill a group."""
    update = program.update
    rows = np.full((update.k // update.channels, update.segment), -1)
    rows[:, :update.channels] = np.arange(update.k).reshape(-1, update.channels)
    return rows.reshape(-1)


def command(program: UpdateProgram, tile: UpdateTile) -> int:
    """The tile's words.update, and above it the bit that says so."""
    update, bits = program.update, words.command_bits(program.config) - 1
    pattern = update.sparsity
    return 1 << bits | words.update(program.config).pack(
        vectors=tile.vectors, momentum=update.momentum, masters=update.momentum, half=update.half,
        forward=update.forward, backward=update.backward, n=pattern.n if pattern else 0, m=pattern.m if pattern else 0)


def result(program: UpdateProgram, received: list[np.ndarray]) -> Updated:
    """What the update gives, from the words of all tiles, each (columns,) uint32."""
    update, config, place = program.update, program.config, 0
    streamed, width = _streamed(program), config.largest_m * -(-update.n // config.largest_m)
    masters = np.zeros((2, len(streamed) + config.largest_m, width), np.uint32)
    half = np.zeros(masters.shape[1:], np.uint16)
    kept = (-(-masters.shape[1] // update.sparsity.m), update.sparsity.n, width) if update.sparsity else (0, 0, width)
    turned = (width // update.sparsity.m, update.sparsity.n, masters.shape[1]) if update.sparsity else (0, 0, masters.shape[1])
    copies = dict(forward=np.zeros(kept, np.uint32), backward=np.zeros(turned, np.uint32))
    for tile in program.tiles():
        columns = slice(tile.column, tile.column + config.largest_m)
        for name, bits in program.sections.items():
            count, each = program.rows(tile, name), -(-bits // (32 * config.columns))
            rows = np.stack(received[place:place + count * each]).reshape(count, -1).astype("<u4")
            place += count * each
            vectors = slice(tile.row, tile.row + tile.vectors)
            if name == "masters":
                masters[:, vectors, columns] = rows[:, :2 * config.largest_m].reshape(count, 2, -1).transpose(1, 0, 2)
            elif name == "half":
                half[vectors, columns] = rows.view(np.uint16)[:, :config.largest_m]
            else:
                _place(program, tile, name, rows, copies[name])
    w, v = masters[:, :len(streamed)][:, streamed >= 0, :update.n].view(np.float32)
    halves = half[:len(streamed)][streamed >= 0, :update.n].view(np.float16)
    groups = len(streamed) // (update.sparsity.m if update.forward else 1)
    forward = copies["forward"][:groups, :, :update.n]
    backward = copies["backward"][:, :, :len(streamed)][:, :, streamed >= 0]
    if update.sparsity:
        backward = backward[:-(-update.n // update.sparsity.m)]
    return Updated(w if update.momentum else None, v if update.momentum else None, halves if update.half else None,
                   _copy(forward) if update.forward else None, _copy(backward) if update.backward else None)


def _place(program: UpdateProgram, tile: UpdateTile, name: str, rows: np.ndarray, copy: np.ndarray) -> None:
    """Put a section's rows where they belong in a copy of (groups, N, ...) entries."""
    config, (n, m) = program.config, (program.update.sparsity.n, program.update.sparsity.m)
    lanes, entry = config.largest_m, words.weight(config).width
    bits = np.unpackbits(rows.view(np.uint8), axis=-1, bitorder="little")[:, :n * lanes * entry]
    weights = 1 << np.arange(entry, dtype=np.uint32)
    entries = (bits.reshape(len(rows), n, lanes, entry) * weights).sum(axis=-1).astype(np.uint32)
    if name == "forward":
        first = tile.row // m
        copy[first:first + len(rows), :, tile.column:tile.column + lanes] = entries
    else:
        by_vector = entries.reshape(len(rows), n, m, lanes // m).transpose(3, 1, 0, 2).reshape(lanes // m, n, -1)
        first = tile.column // m
        copy[first:first + lanes // m, :, tile.row:tile.row + tile.vectors] = by_vector


def _copy(entries: np.ndarray) -> Copy:
    return Copy((entries & 0xFFFF).astype(np.uint16).view(np.float16), (entries >> 16).astype(np.uint8))


def rates(operands: Weights) -> int:
    """The device's constants, words.rates; 0 where weights are only reduced."""
    if operands.rates is None:
        return 0
    names = words.rates().fields
    return words.rates().pack(**{name: int(x.view(np.uint32)) for name, x in zip(names, operands.rates.constants)})
