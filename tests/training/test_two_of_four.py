"""2:4 copies against PyTorch's own conversion on the processor, and the rule itself."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.training.support import draw, functional, seeded
from training import convert
from training.compact import packed, unpacked
from training.export import evaluated
from training.two_of_four import TwoOfFour, compressed

LAYERS = {
    "linear": (lambda: nn.Linear(64, 32), (5, 64)),
    "last groups short": (lambda: nn.Linear(19, 12), (5, 19)),
    "convolution": (lambda: nn.Conv2d(18, 12, (3, 2)), (2, 18, 5, 5)),
    "in groups": (lambda: nn.Conv2d(32, 24, 3, groups=2), (2, 32, 5, 5)),
    "transposed": (lambda: nn.ConvTranspose2d(18, 12, 3), (2, 18, 4, 4)),
}


def copied(case, n, m):
    factory, shape = LAYERS[case]
    converted = convert(seeded(factory), "bdwp", n, m, functional())
    converted(draw(shape, 2))
    return evaluated(converted)["weight"].compact


@pytest.mark.parametrize("n, m", [(1, 4), (2, 4), (1, 8), (2, 8), (1, 16), (2, 16)])
@pytest.mark.parametrize("case", LAYERS)
def test_a_pattern_of_at_most_two_is_a_2_4_pattern_too_and_loses_nothing(case, n, m, tmp_path):
    if case in ("convolution", "transposed") and m == 16:
        m = 8  # with fewer channels than M the layer would stay dense
    copy = copied(case, n, m)
    ours = TwoOfFour.of("layer", copy)
    assert ours.values.shape == (ours.positions.shape[0], 2 * ours.positions.shape[1])
    assert (ours.values.dtype, ours.positions.dtype) == (np.float16, np.uint8)
    assert ((ours.positions & 3) < (ours.positions >> 2)).all() and ours.positions.max() < 16
    assert ours.bytes == ours.values.nbytes + ours.positions.nbytes
    (tmp_path / "x.npz").write_bytes(packed({"weight": ours}))
    assert np.array_equal(unpacked(tmp_path / "x.npz", TwoOfFour)["weight"].dense, copy.dense)
    nonzero = copy.folding.matrix(copy.dense, 4) != 0  # along input channels, at each position
    assert nonzero.reshape(nonzero.shape[0], -1, 4, nonzero.shape[2]).sum(axis=2).max() == min(n, 2)


@pytest.mark.parametrize("m", [8, 16])
def test_four_of_a_group_are_refused(m):
    with pytest.raises(ValueError, match=f"^layer fc: 2:4 keeps at most 2 of 4 inputs, not up to 4 as its 4:{m} does$"):
        TwoOfFour.of("fc", copied("linear", 4, m))


def test_what_is_no_2_4_pattern_by_its_values_is_refused():
    matrix = np.zeros((3, 12), np.float16)
    matrix[1, 2:6] = 1  # two in either group
    compressed(matrix)
    matrix[1, 7] = 1
    with pytest.raises(ValueError, match=r"^2:4 keeps at most 2 of 4 inputs, not 3 as in row 1 from column 4 on$"):
        compressed(matrix)


@pytest.mark.parametrize("n, m", [(2, 4), (1, 8), (2, 8)])
def test_pytorchs_conversion_takes_them_and_says_the_same(n, m):
    torchs = pytest.importorskip("torch.sparse._semi_structured_conversions")
    copy = copied("linear", n, m)
    dense, ours = torch.from_numpy(copy.dense), TwoOfFour.of("fc", copy)
    values, meta = torchs.sparse_semi_structured_from_dense_cutlass(dense)
    assert torch.equal(torchs.sparse_semi_structured_to_dense_cutlass(values, meta), dense)
    full = np.count_nonzero(copy.dense.reshape(32, 16, 4), axis=2) == 2  # else zeros that fill up may stand elsewhere
    theirs, pairs = values.numpy().reshape(32, 16, 2), ours.values.reshape(32, 16, 2)
    assert np.array_equal(theirs[full], pairs[full]) and (full.any() or n == 1)
    for row, group in zip(*np.nonzero(full), strict=True):
        at = ours.positions[row, group]
        assert copy.dense[row, 4 * group + (at & 3)] == theirs[row, group, 0]
        assert copy.dense[row, 4 * group + (at >> 2)] == theirs[row, group, 1]
