"""A plain systolic array, as a TPU's: dense and weight-stationary, the baseline of SIGMA's evaluation.

Source: the TPU column of the counts that the SIGMA paper (HPCA 2020) compares with, from the TeAAL artifact
(`data/baselines`), for 128 x 128. It multiplies zeros as everything else: densities do not enter.
"""

from dataclasses import dataclass

ROWS = COLUMNS = 128


@dataclass(frozen=True)
class SystolicCycles:
    """Clock cycles of a GEMM, and the operand that stays in the array: 'a' (m x k) or 'b' (k x n)."""

    cycles: int
    stationary: str


def systolic_cycles(*, m: int, n: int, k: int, rows: int = ROWS, columns: int = COLUMNS) -> SystolicCycles:
    """Cycles of c (m, n) = a (m, k) @ b (k, n), with the operand stationary that takes fewer; b if both take the same.

    The stationary operand is cut in tiles of rows x columns, k along the rows and its other dimension S (m of a, n of
    b) along the columns. For each tile, one after another, nothing overlapped, min(k, rows) cycles fill the array,
    the T vectors of the streamed operand enter in as many cycles, and the last one drains in `columns`:

        ceil(k / rows) ceil(S / columns) (T + min(k, rows) + columns)

    The published counts are of a square array, where rows and columns are the same number: which of them fills and
    which drains elsewhere is our reading. The drain is the whole width, whatever S, and the last tile of k fills as
    the others: both as published.

    Raises ValueError for a size below 1.
    """
    for name, size in dict(m=m, n=n, k=k, rows=rows, columns=columns).items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, not {size}")

    def cycles(outer: int, streamed: int) -> int:
        return -(-k // rows) * -(-outer // columns) * (streamed + min(k, rows) + columns)

    a, b = cycles(m, n), cycles(n, m)
    return SystolicCycles(a, "a") if a < b else SystolicCycles(b, "b")
