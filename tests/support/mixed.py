"""Programs that no Mapping makes: the dataflow changes from block to block."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rtl.sat.config import SatConfig
from tlm import Gemm, GemmProgram, Mapping, Tile
from tlm.memory import Memory, memory_of
from tlm.repeats import Repeat


@dataclass(frozen=True)
class Mixed(GemmProgram):
    """The blocks of `mapping`, each in the next one of several (dataflow, depth) in turn."""

    turns: tuple[tuple[str, int], ...] = ()

    def tiles(self) -> Iterator[Tile]:
        corners = {place: number for number, place in enumerate(self.mapping.blocks(self.gemm))}
        flows = [
            GemmProgram(
                self.gemm, self.config, replace(self.mapping, dataflow=dataflow, depth=depth), memory=self.memory
            )
            for dataflow, depth in self.turns
        ]
        tiles = [list(flow.tiles()) for flow in flows]
        for corner, number in corners.items():
            yield from (tile for tile in tiles[number % len(flows)] if (tile.row, tile.column) == corner)

    def repeats(self) -> Repeat:
        return Repeat(tuple(self.tiles()))


def mixed_program(
    gemm: Gemm,
    config: SatConfig,
    mapping: Mapping,
    turns: tuple[tuple[str, int], ...],
    memory: Memory | None = None,
) -> Mixed:
    """Such a program of the configuration's memory, or of another."""
    return Mixed(gemm, config, mapping, memory_of(config, memory), turns)
