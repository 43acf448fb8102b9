"""Programs that no Mapping makes: the dataflow changes from block to block."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tlm import Program, Tile
from tlm.runs import Run


@dataclass(frozen=True)
class Mixed(Program):
    """The blocks of `mapping`, each in the next one of several (dataflow, depth) in turn."""

    turns: tuple[tuple[str, int], ...] = ()

    def tiles(self) -> Iterator[Tile]:
        corners = {place: number for number, place in enumerate(self.mapping.blocks(self.gemm))}
        flows = [
            Program(self.gemm, self.config, replace(self.mapping, dataflow=dataflow, depth=depth))
            for dataflow, depth in self.turns
        ]
        tiles = [list(flow.tiles()) for flow in flows]
        for corner, number in corners.items():
            yield from (tile for tile in tiles[number % len(flows)] if (tile.row, tile.column) == corner)

    def runs(self) -> Run:
        return Run(tuple(self.tiles()))
