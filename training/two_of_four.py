"""Pruned weights as 2:4 copies, which the sparse cores of GPUs take: of 4 neighbouring inputs at most 2 are kept.

A pattern of at most 2 of 8 or 16 is one of at most 2 of 4, too: wherever the 4 stand in the group, which begins at a
multiple of 4, no more than those 2 are among them. With 4 of 8 or 16 it is not.

The matrix is the one that a GPU multiplies: a row is an output channel, and its columns run over the kernel's positions
first, as the weight has them, and input channels last, filled up with zeros to a multiple of 4 at each position. A
linear layer's is its weight (outputs, inputs). In an .npz file a weight `w` has these arrays:

    w.values     (rows, columns / 2) float16: of each 4 columns two, in their order
    w.positions  (rows, columns / 4) uint8: the column of the first of the two among its 4 in bits 1:0, that of the
                 second in bits 3:2. PyTorch and CUTLASS have the same 4 bits, four of them in an int16
    w.shape, w.view, w.axes  how the weight is this matrix's transpose, as in training/compact.py

`unpacked(file, TwoOfFour)["w"].dense` is the pruned weight again.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from cosim.kernel.kernel import compact
from training.compact import Arrays, Compact, Folding

KEPT, GROUP = 2, 4


@dataclass(frozen=True, eq=False)
class TwoOfFour:
    """The 2:4 copy of a weight.

    values     (rows, columns / 2) float16
    positions  (rows, columns / 4) uint8, of two values each
    """

    values: np.ndarray
    positions: np.ndarray
    folding: Folding

    @classmethod
    def of(cls, layer: str, copy: Compact) -> Self:
        """That of a layer's N:M copy. Raises ValueError, naming layer, rule and value, where it is no 2:4 pattern."""
        if copy.sparsity.n > KEPT:
            raise ValueError(f"layer {layer}: 2:4 keeps at most 2 of 4 inputs, not up to 4 as its {copy.sparsity} does")
        matrix = copy.folding.matrix(copy.dense, GROUP)
        try:
            return cls(*compressed(matrix.reshape(-1, matrix.shape[2]).T), copy.folding)
        except ValueError as error:
            raise ValueError(f"layer {layer}: {error}") from None

    @property
    def dense(self) -> np.ndarray:
        """The pruned weight, float16 of its shape."""
        rows, count = self.positions.shape
        groups, at = np.zeros((rows, count, GROUP), np.float16), np.stack([self.positions & 3, self.positions >> 2], 2)
        np.put_along_axis(groups, at.astype(np.intp), self.values.reshape(rows, count, KEPT), axis=2)
        return self.folding.weight(groups.reshape(rows, -1).T)

    @property
    def bytes(self) -> int:
        """Of values and positions, as a file has them."""
        return self.values.nbytes + self.positions.nbytes

    def arrays(self) -> Arrays:
        """As a file has it."""
        return dict(values=self.values, positions=self.positions, **self.folding.arrays())

    @classmethod
    def of_arrays(cls, arrays: Arrays) -> Self:
        """The inverse of `arrays`."""
        return cls(arrays["values"], arrays["positions"], Folding.of_arrays(arrays))


def compressed(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values and positions of a float16 matrix (rows, columns), columns a multiple of 4, as above.

    Where fewer than two are not zero, zeros fill up the two. Raises ValueError, naming rule, place and value, where
    more than 2 of 4 neighbours in a row are not zero: PyTorch's own conversion would drop them.
    """
    rows, columns = matrix.shape
    counts = np.count_nonzero(matrix.reshape(rows, columns // GROUP, GROUP), axis=2)
    if (counts > KEPT).any():
        row, group = (int(place[0]) for place in np.nonzero(counts > KEPT))
        raise ValueError(
            f"2:4 keeps at most 2 of 4 inputs, not {counts[row, group]} as in row {row} from column {GROUP * group} on"
        )
    values, indices = compact(matrix.T, KEPT, GROUP)  # (groups, 2, rows)
    first, second = indices.swapaxes(0, 1)
    return np.ascontiguousarray(values.transpose(2, 0, 1)).reshape(rows, -1), (first | second << 2).T.copy()
