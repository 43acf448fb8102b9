"""The N:M contract for tensors."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.support.properties import few
from training import nm_mask

patterns = st.sampled_from([(1, 4), (2, 4), (2, 8), (4, 8), (1, 16), (4, 16), (3, 5), (4, 4)])
shapes = st.lists(st.integers(1, 11), min_size=1, max_size=4)


@st.composite
def weights(draw):
    """A tensor of few different values, so that ties, zeros, infinities and NaN are common; and a dimension of it."""
    shape, seed = draw(shapes), draw(st.integers(0, 2**32))
    values = torch.tensor([0.0, -0.0, 1, -1, 2, 0.5, float("inf"), -float("inf"), float("nan")])
    picks = torch.randint(len(values), tuple(shape), generator=torch.Generator().manual_seed(seed))
    return values[picks], draw(st.integers(-len(shape), len(shape) - 1))


def kept(group: list[float], n: int, m: int) -> list[bool]:
    """The contract, word by word, on one group."""
    size = [(2, 0) if value != value else (1, abs(value)) for value in group] + [(1, 0.0)] * (m - len(group))
    best = sorted(range(m), key=lambda i: (-size[i][0], -size[i][1], i))[:n]
    return [i in best for i in range(len(group))]


@few(60)
@given(weights(), patterns)
def test_each_group_keeps_its_n_largest_and_a_tie_the_lower_index(case, pattern):
    (w, dim), (n, m) = case, pattern
    mask = nm_mask(w, n, m, dim)
    assert mask.shape == w.shape and mask.dtype == torch.bool
    lanes = w.movedim(dim, -1).reshape(-1, w.shape[dim]).tolist()
    expected = [
        [keep for start in range(0, len(lane), m) for keep in kept(lane[start : start + m], n, m)] for lane in lanes
    ]
    assert mask.movedim(dim, -1).reshape(-1, w.shape[dim]).tolist() == expected


@few(60)
@given(weights(), patterns)
def test_masking_twice_changes_nothing(case, pattern):
    (w, dim), (n, m) = case, pattern
    w = w.nan_to_num(3.0, 9.0, -9.0)
    pruned = w * nm_mask(w, n, m, dim)
    assert torch.equal(pruned * nm_mask(pruned, n, m, dim), pruned)


def test_a_convolution_weight_keeps_n_channels_of_m_at_each_kernel_position():
    w = torch.randn(16, 24, 3, 3, generator=torch.Generator().manual_seed(1), requires_grad=True)
    assert (nm_mask(w, 2, 8, 1).reshape(16, 3, 8, 3, 3).sum(2) == 2).all()
    assert (nm_mask(w.half(), 2, 8, 0).reshape(2, 8, 24, 3, 3).sum(1) == 2).all()


@pytest.mark.parametrize("n, m", [(0, 4), (5, 4), (-1, 8)])
def test_a_pattern_that_keeps_nothing_or_too_much_is_refused(n, m):
    with pytest.raises(ValueError, match=f"{n}:{m}"):
        nm_mask(torch.ones(8), n, m, 0)
