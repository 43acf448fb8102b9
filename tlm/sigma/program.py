"""A GEMM on SIGMA as a list of tile transactions: the timeline costs it, and engines run it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from rtl.sigma import layouts, timing
from rtl.sigma.config import SigmaConfig
from tlm.gemm import OUTPUT_BYTES, Gemm
from tlm.memory import Memory, memory_of
from tlm.repeats import Repeat, places, stretches
from tlm.sigma.mapping import SigmaMapping, mapping_of
from tlm.sigma.packing import Fold, pack
from tlm.sigma.tile import SigmaTile
from tlm.sigma.times import SigmaState, SigmaTimes
from tlm.sigma.traffic import SigmaTraffic
from tlm.sigma.zeros import ExactZeros, ZeroPattern
from tlm.transactions import Program, check_types

NOTHING = Fold(())


@dataclass(frozen=True)
class SigmaProgram(Program):
    """The tiles of one GEMM on one SIGMA, for operands with these zeros."""

    gemm: Gemm
    config: SigmaConfig
    mapping: SigmaMapping
    memory: Memory
    zeros: ZeroPattern = field(repr=False)

    for_operands = True

    def __post_init__(self):
        check_types(self, gemm=Gemm, mapping=SigmaMapping, memory=Memory, zeros=ZeroPattern)
        mapping_of(self.config, self.mapping)
        if isinstance(self.zeros, ExactZeros):
            self.zeros.check(self.gemm.count, *self.shape)

    @property
    def work(self) -> Gemm:
        """The GEMM, with its layer and stage."""
        return self.gemm

    @property
    def macs(self) -> int:
        """Products of two values other than zero."""
        return self.zeros.products(self.gemm.count, *self.shape)

    @property
    def dataflow(self) -> str:
        """'mk' or 'kn': the operand that stays."""
        return self.mapping.stationary

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows of the stationary operand, k, and columns of the streamed one."""
        return self.mapping.sides(self.gemm)

    @property
    def tile(self) -> list[int]:
        """Rows, elements of k and columns of a full tile, as the stationary operand has them."""
        rows, k, columns = self.shape
        return [min(self.mapping.rows, rows), min(self.config.lanes, k), min(self.mapping.columns, columns)]

    @cached_property
    def traffic(self) -> SigmaTraffic:
        """The bytes that its tiles read off-chip."""
        return SigmaTraffic(self.gemm, self.config, self.mapping, self.memory, self.zeros)

    def tiles(self) -> Iterator[SigmaTile]:
        """All tiles, in the order in which they run: in each block of the result k ascends."""
        for item in range(self.gemm.count):
            for row, column in self.mapping.blocks(self.gemm):
                yield from self._block(row, column, item)

    def _block(self, row: int, column: int, item: int = 0) -> list[SigmaTile]:
        """A block's tiles."""
        chunks = [
            (start, folds)
            for start in range(0, self.shape[1], self.config.lanes)
            if (folds := self._folds(row, column, start, item))
        ]
        # Where nothing is left to stay the block is zero, which is to be stored, too.
        chunks = chunks or [(0, (NOTHING,))]
        return [
            tile
            for i, (start, folds) in enumerate(chunks)
            for tile in self._chunk(row, column, start, folds, i == 0, i == len(chunks) - 1, item)
        ]

    def _sizes(self, row: int, column: int, start: int) -> tuple[int, int, int]:
        """Rows, columns and depth of the tile that begins there."""
        (rows, k, columns), mapping = self.shape, self.mapping
        return min(mapping.rows, rows - row), min(mapping.columns, columns - column), min(self.config.lanes, k - start)

    def _folds(self, row: int, column: int, start: int, item: int) -> tuple[Fold, ...]:
        rows, columns, depth = self._sizes(row, column, start)
        return pack(
            self.zeros.counts(
                item, slice(row, row + rows), slice(start, start + depth), slice(column, column + columns)
            ),
            self.config,
        )

    def _chunk(
        self, row: int, column: int, start: int, folds: tuple[Fold, ...], first: bool, last: bool, item: int
    ) -> list[SigmaTile]:
        """The tiles of a chunk of k, the first or the last of its block."""
        rows, columns, depth = self._sizes(row, column, start)
        streams, end = folds != (NOTHING,), len(folds) - 1
        streamed = self.zeros.streamed(item, slice(start, start + depth), slice(column, column + columns))
        return [
            SigmaTile(
                row,
                rows,
                column,
                columns,
                start,
                depth,
                fold,
                i,
                streamed if streams and i == 0 else 0,
                streams and i == 0,
                first and i == 0,
                last and i == end,
                item,
            )
            for i, fold in enumerate(folds)
        ]

    def repeats(self) -> Repeat:
        """The same tiles told in short: a stretch of equal ones once."""
        if not self.zeros.uniform:
            return Repeat(tuple(self.tiles()))
        rows, _, columns = self.shape
        sides = {"rows": (rows, self.mapping.rows), "columns": (columns, self.mapping.columns)}
        inner = "columns" if self.mapping.order == "rows" else "rows"
        outer_places, inner_places = (places(*sides[name]) for name in (self.mapping.order, inner))
        parts = []
        for outer, count in stretches(outer_places):
            body = []
            for place, times in stretches(inner_places):
                at = {self.mapping.order: outer, inner: place}
                row, column = (at[name] * sides[name][1] for name in ("rows", "columns"))
                body.append(Repeat(self._uniform_block(row, column), times))
            parts.append(Repeat(tuple(body), count))
        return Repeat((Repeat(tuple(parts)),), self.gemm.count)

    def _uniform_block(self, row: int, column: int) -> tuple[Repeat, ...]:
        """A block's tiles in short, where all chunks of a size are alike."""
        whole, rest = divmod(self.shape[1], depth := self.config.lanes)
        # (start, chunks that are alike); the first and the last one of a block stand alone.
        alike = [(0, 1), (depth, whole - 2), ((whole - 1) * depth, 1)] if whole > 1 else [(0, whole)]
        chunks = [
            (start, folds, count)
            for start, count in (*alike, (whole * depth, rest > 0))
            if count > 0 and (folds := self._folds(row, column, start, 0))
        ] or [(0, (NOTHING,), 1)]
        return tuple(
            Repeat(tuple(self._chunk(row, column, start, folds, i == 0, i == len(chunks) - 1, 0)), int(count))
            for i, (start, folds, count) in enumerate(chunks)
        )

    def steps(self, tile: SigmaTile) -> int:
        """Cycles that steps take: one a column, and as many as its sum needs until the next tile adds to it."""
        return max(tile.columns, self.config.turn)

    def records(self, tile: SigmaTile) -> int:
        """Operand lines with stationary values and their settings."""
        of_engine, gather = self._record_lines
        return tile.fold.engines * of_engine + gather

    @cached_property
    def _record_lines(self) -> tuple[int, int]:
        """Lines of a Flex-DPE's record, and of the Flex-DPU's."""
        layout_of_engine, gather = layouts.engine_record(self.config), layouts.gather_record(self.config)
        return layouts.pieces(layout_of_engine, self.config), layouts.pieces(gather, self.config)

    def lines(self, tile: SigmaTile) -> int:
        """Operand lines of the load."""
        return self.records(tile) + (tile.columns if tile.loads_stream else 0)

    def read_bytes(self, tile: SigmaTile) -> tuple[float, float]:
        """Bytes that the load reads off-chip: (values, bitmaps and settings)."""
        return self.traffic.of(tile, self.records(tile))

    def beats(self, tile: SigmaTile) -> int:
        """Words of the store: a column each."""
        return tile.columns

    def beat_of(self, tile: SigmaTile, item: int, row: int, column: int) -> int | None:
        """Which beat of the tile's block brings that element of the result, if one does."""
        own, streamed = (row, column) if self.mapping.stationary == "mk" else (column, row)
        inside = tile.row <= own < tile.row + tile.rows and tile.column <= streamed < tile.column + tile.columns
        return streamed - tile.column if inside and tile.item == item else None

    def write_bytes(self, tile: SigmaTile) -> int:
        """Bytes of the tile's block of the result."""
        return tile.rows * tile.columns * OUTPUT_BYTES[self.gemm.output]

    @property
    def initial_state(self) -> SigmaState:
        """Banks and sums are free."""
        return SigmaState()

    def times(self, tile: SigmaTile) -> SigmaTimes:
        """The parts of the tile's transaction (rtl/sigma/timing.py)."""
        format_and_levels = self.config.operands, self.config.levels
        return SigmaTimes(
            load=timing.LOAD_SETUP + self.read_cycles(tile),
            steps=self.steps(tile),
            release=timing.release_lag(*format_and_levels),
            finish=timing.finish_lag(*format_and_levels),
            store=timing.STORE_SETUP + self.write_cycles(tile) if tile.last else 0,
            first=tile.first,
            last=tile.last,
        )


def schedule_sigma(
    gemm: Gemm, config: SigmaConfig, zeros: ZeroPattern, mapping: SigmaMapping | str, memory: Memory | None = None
) -> SigmaProgram:
    """The program of a GEMM for operands with these zeros.

    zeros    ExactZeros of given operands as the mapping has them (with 'kn' both transposed), or a UniformDensity
    mapping  'mk' or 'kn', the operand that stays, with the largest blocks that fit; or a SigmaMapping
    memory   None: the configuration's
    Raises ValueError for an unknown operand, for blocks that do not fit, and for zeros of other shapes.
    """
    return SigmaProgram(gemm, config, mapping_of(config, mapping), memory_of(config, memory), zeros)
