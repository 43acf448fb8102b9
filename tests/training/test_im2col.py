"""im2col against PyTorch's unfold, and col2im against its transpose."""
import numpy as np
import pytest
import torch
from torch.nn import functional

from training.im2col import Window, col2im, im2col

WINDOWS = [Window(), Window((3, 3)), Window((3, 3), (1, 1), (1, 1)), Window((3, 2), (2, 1), (1, 0), (1, 2)),
           Window((2, 2), (3, 3)), Window((1, 1), (2, 2)), Window((5, 3), (1, 2), (2, 3), (2, 1))]


def integers(shape, seed):
    """Small whole numbers: their sums are exact, in any order."""
    return np.random.default_rng(seed).integers(-8, 9, shape).astype(np.float32)


def unfolded(images, window):
    """(B * Ho * Wo, Kh * Kw * C) from torch's (B, C * Kh * Kw, Ho * Wo)."""
    batch, _, _, channels = images.shape
    columns = functional.unfold(torch.from_numpy(images).permute(0, 3, 1, 2), window.kernel, window.dilation,
                                window.padding, window.stride)
    return columns.reshape(batch, channels, window.positions, -1).permute(0, 3, 2, 1).flatten(0, 1).flatten(1).numpy()


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_im2col_is_unfold_with_channels_last(window):
    images = integers((2, 9, 10, 3), 1)
    expected = unfolded(images, window)
    assert np.array_equal(im2col(images, window, 3), expected) and expected.size >= 100
    deeper = im2col(images, window, 5).reshape(len(expected), -1, 5)
    assert np.array_equal(deeper[..., :3].reshape(expected.shape), expected) and not deeper[..., 3:].any()


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_col2im_is_the_transpose_of_im2col(window):
    images = integers((2, 9, 10, 3), 2)
    columns = im2col(images, window, 3)
    other = integers(columns.shape, 3)
    assert (columns * other).sum() == (images * col2im(other, window, images.shape)).sum()


def test_col2im_adds_in_ascending_kernel_position():
    columns = np.array([[0, 0, 1], [0, 2.0 ** -24, 0], [2.0 ** -24, 0, 0]], np.float32)     # all meet at pixel 2
    tiny_first = col2im(columns, Window((1, 3)), (1, 1, 5, 1)).flatten()
    tiny_last = col2im(columns[::-1, ::-1].copy(), Window((1, 3)), (1, 1, 5, 1)).flatten()
    assert tiny_first[2] == np.float32(1 + 2.0 ** -23) and tiny_last[2] == 1


@pytest.mark.parametrize("window", [window for window in WINDOWS if window.reversible], ids=str)
def test_the_reverse_of_a_window_leads_back_to_the_input_size(window):
    assert window.reverse().output(window.output((9, 10))) == (9, 10)


def test_strided_windows_and_those_padded_beyond_the_kernel_are_not_reversible():
    assert Window((3, 3), padding=(2, 2)).reversible
    assert not Window((3, 3), (2, 1)).reversible and not Window((3, 3), padding=(1, 3)).reversible
