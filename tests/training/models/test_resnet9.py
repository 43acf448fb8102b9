"""ResNet9."""

import pytest
import torch
from torch.nn.functional import max_pool2d

from tests.training.models.support import ByHand, parameters, uneven
from tests.training.support import draw
from training import models


def test_it_has_the_weights_of_its_layers():
    # Nobody has published a count: 9 x 3 x 128 + 25 x 128 x 256 + ..., and two numbers of a norm for each channel.
    kernels = 9 * (3 * 128 + 2 * 256 * 256 + 256 * 512 + 2 * 512 * 512 + 512 * 256) + 25 * 128 * 256
    norms = 2 * (128 + 3 * 256 + 3 * 512 + 256)
    assert parameters("resnet9", 32, 10) == kernels + norms + 2560 == 9_088_128


@pytest.mark.parametrize("image", [32, 64])
def test_it_computes_what_its_description_says(image):
    module, x = uneven(models.build("resnet9", 0, image, 10, 0.0625)), draw((2, 3, image, image), 1)
    net = ByHand(module)

    def conv(x, name, stride=1, padding=1):
        return net.conv(x, f"{name}.conv", f"{name}.norm", stride, padding).relu()

    y = conv(conv(x, "block1"), "block2", 2, 2)
    y = y + conv(conv(y, "residual1.0"), "residual1.1")
    y = max_pool2d(conv(y, "block3"), 2)
    y = y + conv(conv(y, "residual2.0"), "residual2.1")
    y = conv(y, "block4", padding=0)
    expected = net.linear(y.amax((2, 3)), "fc") * 0.2
    torch.testing.assert_close(module(x), expected)
    assert expected.shape == (2, 10) and expected.std() > 0.01
