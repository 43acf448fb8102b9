"""How tensors lie in PyTorch, and how the array takes them."""

import numpy as np
import pytest
import torch

from training.layouts import SMALL, Images, Rows, tensor_like


def test_weights_go_to_kernel_positions_first_and_back():
    for layout, shape, first in ((Rows, (5, 4), (1, 1, 4, 5)), (Images, (5, 4, 3, 2), (3, 2, 4, 5))):
        weight = torch.arange(np.prod(shape)).reshape(shape)
        positions = layout.positions_first(weight)
        assert positions.shape == first and torch.equal(layout.from_positions_first(positions), weight)


@pytest.mark.parametrize("shape", [(2, 3, 5, 4), (2, 64, 20, 20)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_images_come_back_as_they_were_and_as_no_view(shape, dtype):
    like = torch.empty(0, dtype=dtype)
    images = np.random.default_rng(1).standard_normal((shape[0], *shape[2:], shape[1])).astype(np.float16)
    found = Images.from_channels_last(images, like, shape)
    assert found.shape == shape and found.dtype == dtype and found._base is None
    assert torch.equal(Images.channels_last(found), torch.from_numpy(images).to(dtype))
    assert found.is_contiguous() == (images.size < SMALL)


def test_rows_have_any_leading_dimensions():
    array = np.arange(24, dtype=np.float16).reshape(6, 4)
    found = Rows.from_channels_last(array, torch.empty(0), (2, 3, 4))
    assert found.tolist() == array.reshape(2, 3, 4).tolist() and found._base is None
    assert Rows.channels_last(found) is found


def test_an_array_that_runs_backwards_is_copied():
    assert tensor_like(np.arange(3)[::-1], torch.empty(0)).tolist() == [2, 1, 0]
