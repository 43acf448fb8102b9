"""Rounding to FP16."""

import numpy as np
import pytest
import torch

from cosim.kernel import kernel
from training.precision import operand, planes, to_fp16


def test_rounding_is_numpys_and_every_nan_the_canonical_one():
    bits = np.random.default_rng(1).integers(0, 2**32, 200_000, dtype=np.uint32)
    values = np.concatenate([bits.view(np.float32), np.linspace(-70_000, 70_000, 100_001, dtype=np.float32)])
    with np.errstate(over="ignore", invalid="ignore"):
        expected = values.astype(np.float16)
    ours, nan = to_fp16(values), np.isnan(values)
    assert nan.sum() > 500 and np.isinf(ours).sum() > 1000
    assert (ours.view(np.uint16)[nan] == 0x7E00).all()
    assert (ours[~nan].view(np.uint16) == expected[~nan].view(np.uint16)).all()


def test_float16_input_is_not_changed_in_place():
    half = np.array([0x7E01, 0x3C00], np.uint16).view(np.float16)
    assert to_fp16(half).view(np.uint16).tolist() == [0x7E00, 0x3C00]
    assert half.view(np.uint16).tolist() == [0x7E01, 0x3C00]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_every_float_tensor_is_rounded_once(dtype):
    # In two steps, by way of float32, this double would round down to 1.
    tensor = torch.tensor([1 + 2.0**-11 + 2.0**-40, -(2.0**-24)], dtype=dtype)
    assert operand(tensor).tolist() == np.array(tensor.double().numpy(), np.float16).tolist()


@pytest.mark.parametrize("shape", [(3, 5, 6, 7), (2, 1, 4, 4), (1, 20, 1, 33), (0, 3, 2, 2)])
@pytest.mark.parametrize("choice", ["numpy", None])
def test_images_change_their_layout_on_the_way(monkeypatch, shape, choice):
    if choice:
        monkeypatch.setenv(kernel.CHOICE, choice)
    images = torch.randn(shape, generator=torch.Generator().manual_seed(1)) * 1e-3
    want = images.numpy().astype(np.float16).transpose(0, 2, 3, 1)
    for view in (images, images.to(memory_format=torch.channels_last), images.repeat(1, 1, 1, 2)[..., : shape[3]]):
        last = operand(view.movedim(-3, -1))
        assert last.flags.c_contiguous and np.array_equal(last, want)
    half = np.ascontiguousarray(want)
    back = planes(half.reshape(-1, shape[1]), shape, images)
    assert (back is None) == (choice == "numpy")
    if back is not None:
        assert back.is_contiguous() and np.array_equal(back.numpy(), want.transpose(0, 3, 1, 2).astype(np.float32))
    assert planes(half, shape, images.double()) is None and planes(half.astype(np.float32), shape, images) is None
