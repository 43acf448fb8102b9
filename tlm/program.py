"""A GEMM as a list of tile transactions, read by the timeline (which costs it) and by the engines (which run it)."""
from collections.abc import Iterator
from dataclasses import dataclass

from rtl.config import BEAT, SatConfig
from tlm.gemm import OUTPUT_BYTES, Gemm
from tlm.memory import transaction


@dataclass(frozen=True)
class Chunk:
    """A stretch of k that fits the operand banks, as groups of `group` elements with `values` kept of each."""

    start: int
    depth: int
    group: int
    values: int
    tail: int        # values of the last group

    @property
    def groups(self) -> int:
        return -(-self.depth // self.group)

    @property
    def beats(self) -> int:
        """Activation beats of a group."""
        return self.group // BEAT

    @property
    def west_lines(self) -> int:
        """Operand lines with activations: BEAT elements for each row."""
        return self.groups * self.beats

    @property
    def north_lines(self) -> int:
        """Operand lines with weights: one kept value for each column of the tile."""
        return (self.groups - 1) * self.values + self.tail


@dataclass(frozen=True)
class Tile:
    """One load-compute-store transaction: a block of the result and a chunk of k.

    first   accumulators start from zero; last: the block is complete and leaves the array
    """

    row: int
    rows: int
    column: int
    columns: int
    chunk: Chunk
    first: bool
    last: bool


@dataclass(frozen=True)
class Program:
    """The tiles of one GEMM on one configuration, and what each transaction takes."""

    gemm: Gemm
    config: SatConfig

    @property
    def chunks(self) -> list[Chunk]:
        gemm, size = self.gemm, self.config.chunk
        group = gemm.sparsity.m if gemm.sparsity else BEAT       # dense is N = M, with the smallest M
        values = gemm.sparsity.n if gemm.sparsity else BEAT
        result = []
        for start in range(0, gemm.k, size):
            depth = min(size, gemm.k - start)
            tail = values if gemm.sparsity else (depth - 1) % BEAT + 1
            result.append(Chunk(start, depth, group, values, tail))
        return result

    def tiles(self) -> Iterator[Tile]:
        """All tiles, in the order in which they run: rows, then columns, then k."""
        gemm, config, chunks = self.gemm, self.config, self.chunks
        for row in range(0, gemm.m, config.rows):
            for column in range(0, gemm.n, config.tile_columns):
                for chunk in chunks:
                    yield Tile(row, min(config.rows, gemm.m - row),
                               column, min(config.tile_columns, gemm.n - column),
                               chunk, chunk is chunks[0], chunk is chunks[-1])

    def steps(self, tile: Tile) -> int:
        """Cycles the array is busy: every kept value for every interleaved output."""
        return tile.chunk.north_lines * self.config.interleave

    def lines(self, tile: Tile) -> int:
        """Operand lines of the load."""
        return tile.chunk.west_lines + tile.chunk.north_lines

    def read_bytes(self, tile: Tile) -> tuple[float, float]:
        """Bytes that the load moves: (values, indices). A dense weight needs no index."""
        weights = tile.chunk.north_lines * tile.columns
        index_bits = (self.gemm.sparsity.m - 1).bit_length() if self.gemm.sparsity else 0
        return 2 * (tile.rows * tile.chunk.depth + weights), weights * index_bits / 8

    def read_cycles(self, tile: Tile) -> int:
        return transaction(self.lines(tile), sum(self.read_bytes(tile)),
                           self.config.read_bytes_per_cycle, self.config.memory_latency)

    def slots(self, tile: Tile) -> int:
        """Interleaved outputs of each processing element that hold columns of the result."""
        return -(-tile.columns // self.config.columns)

    def words(self, tile: Tile) -> int:
        """Words of the store: one for each row and slot."""
        return tile.rows * self.slots(tile)

    def write_bytes(self, tile: Tile) -> int:
        return tile.rows * tile.columns * OUTPUT_BYTES[self.gemm.output]

    def write_cycles(self, tile: Tile) -> int:
        return transaction(self.words(tile), self.write_bytes(tile),
                           self.config.write_bytes_per_cycle, self.config.memory_latency)


def schedule(gemm: Gemm, config: SatConfig) -> Program:
    """The program of a GEMM. Raises ValueError for a group longer than the datapath's largest M."""
    if gemm.sparsity and gemm.sparsity.m > config.largest_m:
        raise ValueError(f"sparsity {gemm.sparsity} needs M up to largest_m = {config.largest_m} "
                         f"of configuration {config.name}")
    return Program(gemm, config)
