"""N:M copies of weights as files hold them: the values that are kept, and where they stand.

A weight of any kind of layer is a matrix of (positions x channels, columns): the channels are those along which it is
pruned, the layer's inputs, at each position of the kernel; a column is an output channel. Rows run over the kernel's
positions first, as the weight has them, and channels last. Zeros fill up the channels of each position to a multiple of
M, so that an N:M group is M channels at one position. Of each group a copy has the N values that are kept.

In an .npz file a weight `w` has these arrays:

    w.values    (groups, N, columns) float16, of rows that ascend; groups = positions * ceil(channels / M)
    w.indices   (groups, N, columns) uint8, the place of each value within its group, from 0 to M - 1
    w.n, w.m    the pattern
    w.shape     of the weight
    w.view      four sizes: the weight reshaped to them, and permuted by ...
    w.axes      ... these four, is (positions, channels, groups of the convolution, columns of a group)

`unpacked(file, Compact)["w"].dense` is the pruned weight again, and `.kept` its mask.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Protocol, Self, TypeVar

import numpy as np

from cosim.kernel.kernel import compact
from rtl.sparsity import Sparsity
from training.products import Use

Arrays = dict[str, np.ndarray]


class Copy(Protocol):
    """A weight in some form, as arrays."""

    def arrays(self) -> Arrays:
        """By their names in a file, without the weight's."""

    @classmethod
    def of_arrays(cls, arrays: Arrays) -> Self:
        """The inverse of `arrays`."""


@dataclass(frozen=True)
class Folding:
    """How a weight is a matrix: its shape, and `view` and `axes` as above."""

    shape: tuple[int, ...]
    view: tuple[int, ...]
    axes: tuple[int, ...]

    @classmethod
    def of(cls, use: Use, shape: tuple[int, ...], inputs: bool = True) -> Self:
        """That of a weight of a shape, as a layer uses it.

        inputs  its channels are the inputs of the convolution, and not the outputs: those of a transposed one
        """
        outputs, channels, *kernel = use.weight_shape
        sizes = dict(g=use.conv.groups, o=outputs // use.conv.groups, i=channels, k=prod(kernel))
        order, wanted = "giok" if use.turned else "goik", "kigo" if inputs else "kogi"
        return cls(tuple(shape), tuple(sizes[x] for x in order), tuple(order.index(x) for x in wanted))

    @property
    def sizes(self) -> tuple[int, int, int]:
        """(positions, channels, columns) of the matrix."""
        positions, channels, groups, columns = (self.view[axis] for axis in self.axes)
        return positions, channels, groups * columns

    def matrix(self, weight: np.ndarray, multiple: int) -> np.ndarray:
        """The weight as (positions, channels, columns), with zeros that fill up the channels to a multiple."""
        positions, channels, columns = self.sizes
        matrix = np.zeros((positions, -(-channels // multiple) * multiple, columns), weight.dtype)
        matrix[:, :channels] = weight.reshape(self.view).transpose(self.axes).reshape(self.sizes)
        return matrix

    def weight(self, matrix: np.ndarray) -> np.ndarray:
        """The inverse of `matrix`, from any shape with as many elements: what fills up is dropped."""
        positions, channels, columns = self.sizes
        whole = matrix.reshape(positions, -1, columns)[:, :channels]
        sizes = [self.view[axis] for axis in self.axes]
        return np.ascontiguousarray(whole.reshape(sizes).transpose(np.argsort(self.axes)).reshape(self.shape))

    def arrays(self) -> Arrays:
        """As a file has it."""
        return {name: np.array(value, np.int64) for name, value in vars(self).items()}

    @classmethod
    def of_arrays(cls, arrays: Arrays) -> Self:
        """The inverse of `arrays`."""
        return cls(*(tuple(arrays[name].tolist()) for name in ("shape", "view", "axes")))


@dataclass(frozen=True, eq=False)
class Compact:
    """The N:M copy of a weight.

    values   (groups, N, columns) float16
    indices  (groups, N, columns) uint8 within the group, ascending
    """

    values: np.ndarray
    indices: np.ndarray
    sparsity: Sparsity
    folding: Folding

    @classmethod
    def of(cls, weight: np.ndarray, sparsity: Sparsity, folding: Folding) -> Self:
        """The copy of a float16 weight: the N largest magnitudes of each M, of a tie the lower index."""
        matrix = folding.matrix(weight, sparsity.m)
        return cls(*compact(matrix.reshape(-1, matrix.shape[2]), sparsity.n, sparsity.m), sparsity, folding)

    @property
    def dense(self) -> np.ndarray:
        """The pruned weight, float16 of its shape: zeros where nothing is kept."""
        return self._spread(self.values)

    @property
    def kept(self) -> np.ndarray:
        """The mask of the elements that are kept, bool of the weight's shape; a zero may be kept, too."""
        return self._spread(np.ones(self.values.shape, bool))

    @property
    def bytes(self) -> int:
        """Of values and indices, as a file has them."""
        return self.values.nbytes + self.indices.nbytes

    def _spread(self, parts: np.ndarray) -> np.ndarray:
        groups, _, columns = parts.shape
        rows = np.zeros((groups, self.sparsity.m, columns), parts.dtype)
        np.put_along_axis(rows, self.indices.astype(np.intp), parts, axis=1)
        return self.folding.weight(rows)

    def arrays(self) -> Arrays:
        """As a file has it."""
        pattern = dict(n=np.int64(self.sparsity.n), m=np.int64(self.sparsity.m))
        return dict(values=self.values, indices=self.indices, **pattern, **self.folding.arrays())

    @classmethod
    def of_arrays(cls, arrays: Arrays) -> Self:
        """The inverse of `arrays`."""
        sparsity = Sparsity(int(arrays["n"]), int(arrays["m"]))
        return cls(arrays["values"], arrays["indices"], sparsity, Folding.of_arrays(arrays))


def packed(copies: Mapping[str, Copy]) -> bytes:
    """Copies by the names of their weights as the content of an .npz file."""
    parts = {name: copy.arrays() for name, copy in copies.items()}
    content = BytesIO()
    arrays = {f"{name}.{key}": array for name, part in parts.items() for key, array in part.items()}
    np.savez(content, **arrays)  # type: ignore[arg-type]  # none of them is called allow_pickle
    return content.getvalue()


Kind = TypeVar("Kind", bound=Copy)


def unpacked(file: Path, kind: type[Kind]) -> dict[str, Kind]:
    """The copies in a file that `packed` has made, by the names of their weights. Raises OSError without the file."""
    found: dict[str, Arrays] = {}
    with np.load(file, allow_pickle=False) as content:
        for key in content.files:
            name, _, part = key.rpartition(".")
            found.setdefault(name, {})[part] = content[key]
    return {name: kind.of_arrays(arrays) for name, arrays in found.items()}
