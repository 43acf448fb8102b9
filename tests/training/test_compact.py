"""N:M copies as files have them: element for element where the layout says, and the pruned weight again."""

import numpy as np
import pytest
import torch
from torch import nn

from rtl.golden import nm_compact, nm_mask
from rtl.sparsity import Sparsity
from tests.training.support import draw, functional, seeded
from training import Scheme, convert
from training.compact import Compact, packed, unpacked
from training.export import evaluated


class Added(nn.Module):
    """A weight (inputs, outputs)."""

    def __init__(self):
        super().__init__()
        self.weight, self.bias = nn.Parameter(draw((19, 12), 3)), nn.Parameter(draw((12,), 4))

    def forward(self, x):
        return torch.addmm(self.bias, x, self.weight)


def rows(weight, groups=1):
    """(G * Co, Ci, ...) as (positions, Ci, G * Co)."""
    return weight.reshape(*weight.shape[:2], -1).transpose(2, 1, 0)


def transposed_rows(weight, groups):
    """(G * Ci, Co, ...) as (positions, Ci, G * Co), group by group."""
    parts = np.split(weight.reshape(*weight.shape[:2], -1), groups)
    return np.concatenate([part.transpose(2, 0, 1) for part in parts], axis=2)


KINDS = {
    "linear": (lambda: nn.Linear(19, 12), (5, 19), rows),
    "addmm": (Added, (5, 19), lambda weight, _: weight[None]),
    "convolution": (lambda: nn.Conv2d(19, 12, (3, 2)), (2, 19, 5, 5), rows),
    "in groups": (lambda: nn.Conv2d(32, 24, 3, groups=2), (2, 32, 5, 5), rows),
    "transposed": (lambda: nn.ConvTranspose2d(19, 12, 3, stride=2), (2, 19, 4, 4), transposed_rows),
    "transposed, in groups": (lambda: nn.ConvTranspose2d(32, 24, 3, groups=2), (2, 32, 4, 4), transposed_rows),
    "one dimension": (lambda: nn.Conv1d(16, 8, 3), (2, 16, 9), rows),
    "three dimensions": (lambda: nn.Conv3d(16, 8, (2, 3, 1)), (1, 16, 4, 4, 3), rows),
    "three dimensions, transposed": (lambda: nn.ConvTranspose3d(16, 8, 2), (1, 16, 3, 3, 3), transposed_rows),
}
PATTERNS = [(1, 4), (2, 8), (4, 16)]


def copied(kind, n, m):
    """A layer's weight, its N:M copy, and its (positions, channels, columns) in FP16 by another way than the copy's."""
    factory, shape, matrix = KINDS[kind]
    layer = seeded(factory)
    converted = convert(layer, Scheme.of("bdwp", n, m), engine=functional())
    converted(draw(shape, 2))
    weight = layer.weight.detach().half().numpy()
    return weight, evaluated(converted)["weight"].compact, matrix(weight, getattr(layer, "groups", 1))


@pytest.mark.parametrize("n, m", PATTERNS)
@pytest.mark.parametrize("kind", KINDS)
def test_each_value_stands_where_the_layout_says(kind, n, m):
    _, copy, matrix = copied(kind, n, m)
    positions, channels, columns = matrix.shape
    filled = np.zeros((positions, -(-channels // m) * m, columns), np.float16)
    filled[:, :channels] = matrix
    values, indices = nm_compact(filled.reshape(-1, columns), n, m)
    assert copy.values.dtype == np.float16 and copy.indices.dtype == np.uint8
    assert np.array_equal(copy.values, values) and np.array_equal(copy.indices, indices)
    assert copy.bytes == copy.values.size * 3


@pytest.mark.parametrize("n, m", PATTERNS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_gives_the_pruned_weight_and_its_mask_again(kind, n, m, tmp_path):
    weight, copy, matrix = copied(kind, n, m)
    (tmp_path / "x.npz").write_bytes(packed({"a.b": copy, "c": copy}))
    found = unpacked(tmp_path / "x.npz", Compact)
    assert found.keys() == {"a.b", "c"}
    kept = nm_mask(matrix.swapaxes(0, 1), n, m).swapaxes(0, 1)
    for one in found.values():
        assert one.sparsity == Sparsity(n, m) and one.dense.dtype == np.float16
        assert np.array_equal(one.dense, np.where(one.kept, weight, np.float16(0)))
        assert one.kept.shape == weight.shape and one.kept.sum() == kept.sum()
        assert np.array_equal(one.folding.matrix(one.kept, m)[:, : matrix.shape[1]], kept)


def test_zeros_are_kept_where_a_group_has_nothing_else():
    weight, copy, _ = copied("linear", 2, 8)
    empty = Compact.of(np.zeros_like(weight), copy.sparsity, copy.folding)
    assert not empty.dense.any() and empty.kept[:, :8].tolist() == [[True] * 2 + [False] * 6] * len(weight)


def test_a_file_of_nothing_can_be_read(tmp_path):
    (tmp_path / "x.npz").write_bytes(packed({}))
    assert unpacked(tmp_path / "x.npz", Compact) == {}
