"""Rounding to FP16."""

import numpy as np
import pytest
import torch

from training.precision import operand, to_fp16


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
