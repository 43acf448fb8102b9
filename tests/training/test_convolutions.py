"""Convolutions as functions: what layers of their kinds do not show (tests/training/test_products.py has those)."""

import pytest
import torch
from torch.nn import functional

from tests.training.agreement import Calls, agrees, drawn, layers
from tests.training.support import recorded


@pytest.mark.parametrize(
    "function, weight, x",
    [
        (lambda x, w: functional.conv2d(x, w, None, [2], [1]), (6, 4, 3, 3), (2, 4, 7, 6)),
        (lambda x, w: functional.conv2d(x, w, padding="valid", groups=2), (6, 2, 3, 3), (2, 4, 7, 6)),
        (lambda x, w: functional.conv2d(x, w, stride=2, padding=1), (6, 4, 3, 3), (4, 7, 6)),
        (lambda x, w: functional.conv1d(x, w, None, 2), (6, 4, 3), (2, 4, 9)),
        (lambda x, w: functional.conv3d(x, w, padding="same"), (6, 4, 2, 3, 2), (1, 4, 3, 4, 4)),
        (lambda x, w: functional.conv_transpose2d(x, w, None, [2, 1], 1, groups=2), (4, 3, 3, 3), (2, 4, 5, 4)),
        (lambda x, w: functional.conv_transpose1d(x, w, stride=3, output_padding=2), (4, 3, 3), (4, 5)),
        (lambda x, w: functional.conv_transpose2d(x, w, stride=2, dilation=2), (4, 3, 3, 2), (2, 4, 5, 4)),
        (lambda x, w: functional.conv2d(x, w.flip(2)), (6, 4, 3, 3), (2, 4, 7, 6)),
    ],
)
def test_parameters_are_weights_whatever_class_they_are_of(function, weight, x):
    assert layers(agrees(Calls(function, weight), *drawn(x))) == ["weights.0"]


def test_a_bias_is_added_on_the_host_and_has_its_gradient():
    module = Calls(lambda x, w, b: functional.conv_transpose3d(x, w, b, stride=2), (4, 3, 2, 2, 2), (3,))
    assert layers(agrees(module, *drawn((1, 4, 2, 3, 2)))) == ["weights.0"]


def test_a_kernel_that_is_an_activation_is_no_weight():
    ran = agrees(Calls(functional.conv2d), *drawn((2, 4, 7, 6), (6, 4, 3, 3)))
    assert ran == [("conv2d", "ff"), ("conv2d", "bp"), ("conv2d", "wu")]


def test_an_output_padding_beyond_the_stride_stays_in_pytorch():
    function = lambda x, w: functional.conv_transpose2d(x, w, stride=1, output_padding=1, dilation=2)  # noqa: E731
    assert agrees(Calls(function, (4, 3, 3, 3)), *drawn((2, 4, 5, 4)), within=0.01) == []


def test_an_empty_batch_stays_in_pytorch():
    converted, recorder = recorded(Calls(functional.conv2d, (6, 4, 3, 3)), "dense")
    assert converted(torch.zeros(0, 4, 5, 5)).shape == (0, 6, 3, 3) and not recorder.runs
