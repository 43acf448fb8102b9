"""A transaction of a GEMM on SIGMA: a fold of stationary values, and the columns that stream past it."""

from dataclasses import dataclass, field

from tlm.sigma.packing import Fold


@dataclass(frozen=True)
class SigmaTile:
    """One load-compute-store transaction: the values that stay in the Flex-DPEs, and the columns that stream past them.

    row, rows, column, columns  the block of the result, whose rows are those of the stationary operand
    start, depth                the chunk of k
    fold, number                the stationary values, and which of the chunk's folds they are
    streamed                    words other than zero that are loaded for it and the following ones of the chunk
    loads_stream                it is the first of those that share these words
    first, last                 it is the first, and the last, of its block
    item                        which of the GEMM's products it is part of
    """

    row: int
    rows: int
    column: int
    columns: int
    start: int
    depth: int
    fold: Fold = field(repr=False)
    number: int
    streamed: int
    loads_stream: bool
    first: bool
    last: bool
    item: int = 0
