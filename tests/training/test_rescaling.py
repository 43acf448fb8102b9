"""A pruned gradient gets back the sum of magnitudes that each image's channel had."""

import numpy as np
import torch
from torch import nn

from tests.training.support import draw, gradients, seeded
from training import Scheme, convert
from training.rescaling import rescaled


def test_a_channel_of_an_image_regains_the_sum_of_its_magnitudes():
    rng = np.random.default_rng(1)
    dense = rng.standard_normal((3, 4, 5, 6)).astype(np.float16)
    pruned = np.where(rng.random(dense.shape) < 0.3, dense, np.float16(0))
    found = rescaled(pruned, dense)
    assert found.dtype == np.float16 and np.array_equal(found != 0, pruned != 0)
    sums = [np.abs(of.astype(np.float64)).sum((1, 2)) for of in (found, dense)]
    assert np.allclose(*sums, rtol=2e-3) and (sums[0] > 1).all()


def test_a_channel_without_anything_left_is_left():
    dense = np.full((1, 1, 1, 2), 3, np.float16)
    pruned = np.array([[[[0, 3]]]], np.float16)
    assert rescaled(pruned, dense).tolist() == [[[[0, 3]]]]
    assert rescaled(dense * 0, dense * 0).tolist() == [[[[0, 0]]]]


def test_an_infinity_that_was_kept_stays_a_sign_of_overflow():
    dense = np.array([np.inf, 1, 2, 4], np.float16).reshape(1, 2, 2, 1)
    assert not np.isfinite(rescaled(dense, dense)).all()


def test_a_linear_layers_tokens_are_the_pixels_of_an_image():
    linear, tokens = seeded(lambda: nn.Linear(16, 32, bias=False)), draw((2, 9, 16), 1)
    conv = nn.Conv2d(16, 32, 1, bias=False)
    with torch.no_grad():
        conv.weight.copy_(linear.weight[..., None, None])
    found = []
    for rescale in (True, False):
        scheme = Scheme.of("sdgp", 2, 8, rescale=rescale)
        ours = gradients(convert(linear, scheme), tokens, 3)
        dy = draw((2, 9, 32), 3).mT[..., None]
        x = tokens.mT[..., None].clone().requires_grad_()
        convert(conv, scheme)(x).backward(dy)
        assert torch.equal(ours["x"], x.grad[..., 0].mT)
        found.append(x.grad)
    assert not torch.equal(*found)
