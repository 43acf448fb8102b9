"""Multiply-adds of PyTorch's own products, as they are dispatched, against formulas by hand."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.training.agreement import drawn
from training.counting import Counter, taken_apart


def counted(function, *inputs, backward=True):
    seen = []
    inputs = [x.requires_grad_() if backward and x.is_floating_point() else x for x in inputs]
    with taken_apart(), Counter(lambda name, macs: seen.append(macs)):
        y = function(*inputs)
        forward = sum(seen)
        if backward:
            (y[0] if isinstance(y, tuple) else y).sum().backward()
    return forward, sum(seen) - forward


@pytest.mark.parametrize(
    "function, shapes, forward, gradients",
    [
        (torch.matmul, [(5, 8), (8, 6)], 240, 480),
        (torch.matmul, [(2, 3, 5, 8), (2, 3, 8, 6)], 1440, 2880),
        (torch.mv, [(5, 8), (8,)], 40, 40),
        *((function, [(8,), (8,)], 8, 0) for function in (torch.matmul, torch.dot, torch.vdot, torch.inner)),
        (lambda a, b: torch.addbmm(torch.zeros(5, 6), a, b), [(3, 5, 8), (3, 8, 6)], 720, 1440),
        (lambda a, b: torch.zeros(5, 6).addmm_(a, b), [(5, 8), (8, 6)], 240, 480),
        (lambda a, b: torch.zeros(3, 5, 6).baddbmm_(a, b), [(3, 5, 8), (3, 8, 6)], 720, 1440),
        (lambda x, w: F.conv2d(x, w, groups=4), [(2, 4, 5, 5), (4, 1, 3, 3)], 2 * 9 * 4 * 9, 2 * 2 * 9 * 4 * 9),
        (lambda x, w: F.conv_transpose2d(x, w, stride=2), [(2, 4, 5, 5), (4, 3, 3, 3)], 50 * 108, 2 * 50 * 108),
        (lambda a, b, w: F.bilinear(a, b, w), [(3, 5), (3, 6), (4, 5, 6)], 360, 1080),
        (
            lambda q, k, v: F.scaled_dot_product_attention(q, k, v),
            [(2, 3, 5, 8), (2, 3, 6, 8), (2, 3, 6, 4)],
            2160,
            4320,
        ),
    ],
)
def test_a_products_multiply_adds_are_those_of_its_shapes(function, shapes, forward, gradients):
    assert counted(function, *drawn(*shapes)) == (forward, gradients)


def test_recurrent_layers_and_attention_are_taken_apart_and_put_back():
    lstm, attention = nn.LSTM(8, 12), nn.MultiheadAttention(16, 2).eval()
    assert counted(lstm, *drawn((3, 5, 8)), backward=False)[0] == 15 * 48 * 8 + 15 * 48 * 12
    fast, mkldnn = torch.backends.mha.get_fastpath_enabled(), torch.backends.mkldnn.is_available()
    with torch.no_grad():
        (x,) = drawn((4, 2, 16))
        assert counted(lambda x: attention(x, x, x), x, backward=False)[0] == 8 * 16 * 64 + 2 * 4 * 4 * 4 * 8
    assert (torch.backends.mha.get_fastpath_enabled(), torch.backends.mkldnn.is_available()) == (fast, mkldnn)


def test_sparse_matrices_and_inference_mode_are_counted():
    a = torch.eye(6).to_sparse()
    assert counted(torch.mm, a, *drawn((6, 5)), backward=False)[0] == 6 * 5
    with torch.inference_mode():
        assert counted(F.linear, *drawn((3, 8), (6, 8)), backward=False)[0] == 144
