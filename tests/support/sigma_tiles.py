"""Tiles of SIGMA at random, made by no packer: what it holds of them, their lines, and what they must give."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rtl.golden import fp32_to_fp16
from rtl.golden.benes import route
from rtl.golden.fan import slots
from rtl.golden.sigma import add, sums
from rtl.sigma import layouts
from rtl.sigma.config import SigmaConfig
from tests.support import floats
from tests.support.fan import partition
from tests.support.script import packed
from tests.support.update import packed as side_by_side


def numbers_of(patterns, config: SigmaConfig) -> np.ndarray:
    """What 16-bit patterns stand for: float16, or float32 that hold bfloat16."""
    patterns = np.asarray(patterns, np.uint16)
    if config.operands == "fp16":
        return patterns.view(np.float16)
    return (patterns.astype(np.uint32) << 16).view(np.float32)


def patterns_of(numbers, config: SigmaConfig) -> np.ndarray:
    """The 16-bit patterns of numbers that the format has, or that are cut to it."""
    if config.operands == "fp16":
        return np.asarray(numbers, np.float16).view(np.uint16)
    return (np.asarray(numbers, np.float32).view(np.uint32) >> 16).astype(np.uint16)


def random_operands(numbers: np.random.Generator, shape, config: SigmaConfig, special: float = 0.0) -> np.ndarray:
    """uint16 patterns: numbers of similar size, each fifth a zero of any sign, and a share of any bits at all."""
    values = np.where(numbers.random(shape) < 1 / 5, 0, numbers.standard_normal(shape))
    found = patterns_of(values, config) ^ (numbers.integers(0, 2, shape) << 15).astype(np.uint16)
    return np.where(numbers.random(shape) < special, numbers.integers(0, 1 << 16, shape, dtype=np.uint16), found)


def bits_of(values: np.ndarray) -> int:
    """float32 words side by side, the first in the low bits."""
    return side_by_side(np.ascontiguousarray(values).view(np.uint32), 32)


def cut(record: int, layout, config: SigmaConfig) -> list[int]:
    """A record as operand lines."""
    bits = layouts.line_bits(config)
    return [record >> bits * piece & (1 << bits) - 1 for piece in range(layouts.pieces(layout, config))]


@dataclass(frozen=True)
class Engine:
    """What a Flex-DPE holds: of each lane a value's pattern, the element of k that it wants, and its run, or None.

    marks  a bit of each lane, which differs between runs that touch
    picks  {result: the run that it is the sum of}
    """

    values: list[int]
    sources: list[int | None]
    runs: list[int | None]
    marks: list[int]
    picks: dict[int, int]

    def record(self, config: SigmaConfig) -> int:
        """Its layouts.engine_record."""
        names = dict.fromkeys(name for name in self.runs if name is not None)
        slot_of = {name: run.slot for name, run in zip(names, slots(self.runs), strict=True)}
        return layouts.engine_record(config).pack(
            values=side_by_side(self.values, 16),
            settings=route(self.sources),
            runs=side_by_side(self.marks, 1),
            active=side_by_side([run is not None for run in self.runs], 1),
            picks=sum(slot_of[run] << result * config.levels for result, run in self.picks.items()),
        )

    def results(self, config: SigmaConfig, streamed: np.ndarray) -> np.ndarray:
        """(columns, results) float32 of streamed patterns (columns, lanes); +0 where a result is no run's sum."""
        sources = [source or 0 for source in self.sources]  # a lane in no run may get anything
        found, _ = sums(numbers_of(self.values, config), numbers_of(streamed[:, sources], config), self.runs)
        names = dict.fromkeys(name for name in self.runs if name is not None)
        slot_of = {name: run.slot for name, run in zip(names, slots(self.runs), strict=True)}
        picked = np.zeros((len(found), config.results), np.float32)
        picked[:, list(self.picks)] = found[:, [slot_of[run] for run in self.picks.values()]]
        return picked


def random_engine(rng, numbers, config: SigmaConfig, special: float = 0.0) -> Engine:
    """Runs and gaps of any lengths, of which as many as can be picked are, in any order, or some."""
    runs = partition(rng, config.lanes)
    names = [name for name in dict.fromkeys(runs) if name is not None]
    most = min(len(names), config.results)
    picked = rng.sample(names, most if rng.random() < 0.8 else rng.randrange(most + 1))
    sources = [rng.randrange(config.lanes) if run is not None or rng.random() < 0.5 else None for run in runs]
    return Engine(
        random_operands(numbers, config.lanes, config, special).tolist(),
        sources,
        runs,
        _marks(rng, runs),
        dict(zip(rng.sample(range(config.results), len(picked)), picked, strict=True)),
    )


def _marks(rng, runs):
    marks = []
    for lane, run in enumerate(runs):
        before = runs[lane - 1] if lane else None
        free = run is None or before is None  # then the mark means nothing, or nothing touches it
        marks.append(rng.getrandbits(1) if free else marks[-1] ^ (run != before))
    return marks


@dataclass(frozen=True)
class Held:
    """What a Flex-DPU holds of a tile.

    spans  of each Flex-DPE but the first, whether the first result ends what the last one of the Flex-DPE before begins
    rows   {accumulator: the (Flex-DPE, result) that feeds it}
    """

    engines: list[Engine]
    spans: list[bool]
    rows: dict[int, tuple[int, int]]

    def gather(self, config: SigmaConfig) -> int:
        """Its layouts.gather_record."""
        bits = layouts.gather_bits(config)
        return packed(
            layouts.gather_record(config),
            used=sum(1 << row for row in self.rows),
            spans=side_by_side(self.spans, 1),
            picks=sum(engine * config.results + result << row * bits for row, (engine, result) in self.rows.items()),
        )

    def lines(self, config: SigmaConfig) -> list[int]:
        """The operand lines of all records."""
        lines = [
            line
            for engine in self.engines
            for line in cut(engine.record(config), layouts.engine_record(config), config)
        ]
        return lines + cut(self.gather(config), layouts.gather_record(config), config)

    def parts(self, config: SigmaConfig, streamed: np.ndarray) -> np.ndarray:
        """(columns, rows) float32 of streamed patterns (columns, lanes): what each accumulator gets."""
        own = [engine.results(config, streamed) for engine in self.engines]
        whole = [results.copy() for results in own]
        for number, spans in enumerate(self.spans, 1):
            if spans:
                whole[number][:, 0] = add(own[number - 1][:, -1], own[number][:, 0])
        parts = np.zeros((len(streamed), config.rows), np.float32)
        for row, (engine, result) in self.rows.items():
            parts[:, row] = whole[engine][:, result]
        return parts


def random_held(rng, numbers, config: SigmaConfig, engines: int | None = None, special: float = 0.0) -> Held:
    """So many Flex-DPEs, by default all; each accumulator, with a few left out, takes a result that is a run's sum."""
    engines = config.engines if engines is None else engines
    held = [random_engine(rng, numbers, config, special) for _ in range(engines)]
    in_use = [(number, result) for number, engine in enumerate(held) for result in engine.picks]
    rows = {row: rng.choice(in_use) for row in range(config.rows if in_use else 0) if rng.random() < 0.8}
    joined = [config.results - 1 in first.picks and 0 in second.picks for first, second in pairwise(held)]
    return Held(held, [both and rng.random() < 0.7 for both in joined], rows)


@dataclass
class Block:
    """A block of the result: the tiles of each chunk, and the streamed words (columns, lanes) that they share."""

    rows: int
    half: int
    columns: int
    chunks: list[tuple[np.ndarray, list[Held]]]

    def commands(self, config):
        """The layouts.command of each tile; where nothing stays one tile still has to give the zeros."""
        parts = [(held, i == 0) for _, tiles in self.chunks for i, held in enumerate(tiles)]
        parts = parts or [(Held([], [], {}), False)]
        return [
            packed(
                layouts.command(config),
                engines=len(held.engines),
                columns=self.columns,
                loads_stream=loads_stream,
                first=number == 0,
                last=number == len(parts) - 1,
                rows=self.rows,
                half=self.half,
            )
            for number, (held, loads_stream) in enumerate(parts)
        ]

    def lines(self, config):
        """The operand lines of all tiles."""
        lines = [] if self.chunks else Held([], [], {}).lines(config)
        for streamed, tiles in self.chunks:
            for number, held in enumerate(tiles):
                lines += held.lines(config) + [side_by_side(column, 16) for column in streamed if number == 0]
        return lines

    def results(self, config):
        """The words that must leave: of all accumulators, those beyond the block's rows too."""
        sums = np.zeros((self.columns, config.rows), np.float32)
        for streamed, tiles in self.chunks:
            for held in tiles:
                sums = add(sums, held.parts(config, streamed))
        if self.half:
            return [side_by_side(map(fp32_to_fp16, row.view(np.uint32).tolist()), 32) for row in sums]
        return list(map(bits_of, sums))


def random_blocks(rng, config, chunks, special=0.0):
    """For each number of chunks a block of some columns, of FP32 or FP16."""
    numbers, blocks = floats.numpy_of(rng), []
    for number, count in enumerate(chunks):
        columns = [config.columns, 1][number] if number < 2 else rng.randrange(1, config.columns + 1)
        tiles = [
            (
                random_operands(numbers, (columns, config.lanes), config, special),
                [
                    random_held(rng, numbers, config, rng.randrange(config.engines) + 1, special)
                    for _ in range(rng.randrange(1, 4))
                ],
            )
            for _ in range(count)
        ]
        blocks.append(Block(rng.randrange(1, config.rows + 1), number % 2, columns, tiles))
    return blocks
