"""Tiles as the array sees them: lines to be stored, and the controls that the sequencer issues for them."""
from dataclasses import dataclass

import numpy as np

from cosim.host import north_lines, west_lines
from rtl import timing, words
from rtl.config import BEAT
from rtl.golden import nm_mask
from tests.support.script import packed
from tlm import Program, Tile


@dataclass(frozen=True)
class Lines:
    """The operand lines of a tile, as integers."""

    west: list[int]
    north: list[int]


def lines_of(program: Program, tile: Tile, a: np.ndarray, b: np.ndarray) -> Lines:
    """What the loader gets: a (M, K) and b (K, N) float16, b pruned."""
    return Lines(*([int.from_bytes(line.tobytes(), "little") for line in lines]
                   for lines in (west_lines(program, a, tile), north_lines(program, b, tile))))


def pruned(b: np.ndarray, sparsity) -> np.ndarray:
    """b with zeros for the weights that N:M sparsity drops."""
    return np.where(nm_mask(b, sparsity.n, sparsity.m), b, np.float16(0)) if sparsity else b


def command_of(program: Program, tile: Tile) -> int:
    """The words.command of a tile."""
    chunk = tile.chunk
    return words.command(program.config).pack(
        west_lines=chunk.west_lines, north_lines=chunk.north_lines, groups=chunk.groups, values=chunk.values,
        tail=chunk.tail, beats=chunk.beats, sparse=program.gemm.sparsity is not None, first=tile.first, last=tile.last,
        rows=tile.rows, slots=program.slots(tile), half=program.gemm.output == "fp16")


def controls_of(config, command: dict, bank: int, accumulators: int) -> tuple[list[dict], list[dict]]:
    """(west, north): the fields of both controls in each step of a tile, counted from the step's own cycle.

    command  fields of its words.command; bank and accumulators say which of two it uses
    """
    west, north, west_line, north_line = [], [], bank * config.chunk // BEAT, bank * config.chunk
    for group in range(command["groups"]):
        values = command["tail"] if group == command["groups"] - 1 else command["values"]
        for value in range(values):
            for place in range(config.interleave):
                reads = value == 0 and place < command["beats"]
                west.append(dict(read=int(reads), address=west_line, beat=place % 4, load=0))
                west_line += reads
                north.append(dict(
                    slot=accumulators * config.interleave + place, first=int(group == value == 0 and command["first"]),
                    valid=1, read=int(place == 0), address=north_line, value=value, first_value=int(value == 0),
                    last_value=int(value == values - 1), sparse=command["sparse"]))
            north_line += 1
    return west, north


def schedule_controls(config, steps, start: int, entries: list[dict]) -> None:
    """Write both controls of a tile into a script from `start` on, each with the delay of its edge."""
    west, north = steps
    layouts = words.west_control(config), words.north_control(config)
    for number, (beat, weight) in enumerate(zip(west, north)):
        at = start + number
        merge(entries, at, "west_control", packed(layouts[0], **beat))
        merge(entries, at + timing.SKEW, "north_control", packed(layouts[1], **weight))
        if weight["first_value"] and weight["read"]:        # a group begins: its activations move in together
            merge(entries, at + timing.WEST - 1, "west_control", packed(layouts[0], load=1))


def merge(entries: list[dict], at: int, name: str, word: int) -> None:
    """Set bits of a port in one entry of a script, which grows as needed."""
    entries += [{} for _ in range(at + 1 - len(entries))]
    entries[at][name] = entries[at].get(name, 0) | word
