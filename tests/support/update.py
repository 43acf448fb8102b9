"""Weight updates as the updater sees them: numbers worth updating, lines in, and the words that must come out."""

from dataclasses import dataclass

import numpy as np

from rtl.golden import Rates, nm_compact, sgd, to_fp16
from rtl.sat import layouts
from rtl.sat.config import SatConfig
from rtl.sparsity import GROUP, KEPT
from tests.support import floats

RATES = [Rates(0.05, 0.9, 5e-4, 1024.0), Rates(1.0), Rates(0.1, 0.9, 0.0, 3.0), Rates(0.3, 0.0, 0.1, 2.0**-8)]


def normal(numbers: np.random.Generator, shape) -> np.ndarray:
    """Numbers of one size, as in training."""
    return numbers.standard_normal(shape).astype(np.float32)


def wide(numbers: np.random.Generator, shape) -> np.ndarray:
    """Magnitudes far apart, and one of ten zero: sums in which an addend hardly counts, FP16 overflows, subnormals."""
    values = (numbers.standard_normal(shape) * 2.0 ** numbers.integers(-40, 30, shape)).astype(np.float32)
    return np.where(numbers.random(shape) < 0.1, np.float32(0), values)


def any_bits(numbers: np.random.Generator, shape) -> np.ndarray:
    """Every pattern alike."""
    return numbers.integers(0, 1 << 32, shape, dtype=np.uint32).view(np.float32)


def classes(numbers: np.random.Generator, shape) -> np.ndarray:
    """One number of each class of FP32, infinities and NaN among them, and ties of magnitude everywhere."""
    return numbers.choice(np.array(floats.FP32_CLASSES, np.uint32), shape).view(np.float32)


NUMBERS = {kind.__name__: kind for kind in (normal, wide, any_bits, classes)}


def triple(numbers: np.random.Generator, shape, kind: str, rates: Rates) -> list[np.ndarray]:
    """Weights, velocities and gradients (the loss scaled), float32."""
    w, v, g = (NUMBERS[kind](numbers, shape) for _ in range(3))
    if kind == "normal":
        g = g * np.float32(rates.scale)
    return [w, v, g]


def packed(values, width: int) -> int:
    """Values of `width` bits side by side, the first in the low bits."""
    return sum(int(value) << width * place for place, value in enumerate(values))


def rates_word(rates: Rates) -> int:
    """layouts.rates: 1/scale, wd, mu, lr, the first in the low bits."""
    return packed([constant.view(np.uint32) for constant in rates.constants], 32)


def patterns(largest_m: int) -> list[tuple[int, int]]:
    """Every (n, m) of the hardware."""
    return [(n, m) for m in GROUP for n in KEPT if n < m <= largest_m]


@dataclass(frozen=True)
class Tile:
    """The fields of an update command, and its vectors, (vectors, largest_m) float32 each."""

    command: dict[str, int]
    w: np.ndarray
    v: np.ndarray
    g: np.ndarray


def lines(config: SatConfig, tile: Tile) -> list[int]:
    """Operand lines: of each slice the weights, with momentum velocities and gradients; a slice begins a new line."""
    lanes, per_line = config.update_lanes, layouts.line_bits(config) // 32
    given = [tile.w, tile.v, tile.g] if tile.command["momentum"] else [tile.w]
    slices = np.stack([np.ascontiguousarray(x).view(np.uint32).reshape(-1, lanes) for x in given], axis=1)
    return [
        packed(one[start : start + per_line], 32)
        for one in slices.reshape(len(slices), -1)
        for start in range(0, len(given) * lanes, per_line)
    ]


def rows(config: SatConfig, tile: Tile, rates: Rates) -> dict[str, list[int]]:
    """The rows of each section, stored or not: masters and velocities, FP16 weights, both copies."""
    w, v = sgd(tile.w, tile.v, tile.g, rates) if tile.command["momentum"] else (tile.w, tile.v)
    halves = to_fp16(w)
    found = dict(
        masters=[packed([*new.view(np.uint32), *speed.view(np.uint32)], 32) for new, speed in zip(w, v, strict=True)],
        halves=[packed(half.view(np.uint16), 16) for half in halves],
        forward=[],
        backward=[],
    )
    if tile.command["forward"] or tile.command["backward"]:
        found |= copies(config, halves, tile.command["n"], tile.command["m"])
    return found


def copies(config: SatConfig, halves: np.ndarray, n: int, m: int) -> dict[str, list[int]]:
    """Both compact copies of vectors (vectors, largest_m) float16: a row for each m vectors, N places a row."""
    width, lanes = layouts.weight(config).width, config.largest_m
    values, indices = nm_compact(halves, n, m)  # (rows, n, lanes)
    forward = np.ascontiguousarray(values).view(np.uint16) | indices << 16
    values, indices = nm_compact(np.ascontiguousarray(halves.T), n, m)  # (lanes / m, n, vectors)
    entries = np.ascontiguousarray(values).view(np.uint16) | indices << 16
    backward = entries.reshape(lanes // m, n, -1, m).transpose(2, 1, 3, 0)  # (rows, n, vectors, groups)
    return dict(
        forward=[packed(row.reshape(-1), width) for row in forward],
        backward=[packed(row.reshape(-1), width) for row in backward],
    )


SECTIONS = {"masters": "masters", "half": "halves", "forward": "forward", "backward": "backward"}  # bit -> rows


def row_bits(config: SatConfig, command: dict[str, int]) -> dict[str, int]:
    """Bits of a row of each section, by the bit of the command that has it stored."""
    copy = command["n"] * config.largest_m * layouts.weight(config).width
    return dict(masters=64 * config.largest_m, half=16 * config.largest_m, forward=copy, backward=copy)


def cut(config: SatConfig, command: dict[str, int], found: dict[str, list[int]]) -> list[int]:
    """The words that leave: of each section that is stored its rows, each in as many words as it needs."""
    width, answer = 32 * config.columns, []
    for bit, bits in row_bits(config, command).items():
        for row in found[SECTIONS[bit]] if command[bit] else []:
            answer += [row >> start & (1 << width) - 1 for start in range(0, bits, width)]
    return answer
