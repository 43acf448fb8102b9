"""VGG19 with batch norm."""

import pytest
import torch
from torch import nn
from torch.nn.functional import max_pool2d

from tests.training.models.support import ByHand, parameters, uneven
from tests.training.support import draw
from training import models


# 224: `num_params` of torchvision's vgg19_bn. 32: README tables that count the network of kuangliu/pytorch-cifar.
@pytest.mark.parametrize(
    "image, classes, count", [(224, 1000, 143_678_248), (32, 10, 20_040_522), (64, 10, 20_040_522)]
)
def test_it_has_as_many_parameters_as_is_published(image, classes, count):
    assert parameters("vgg19", image, classes) == count


@pytest.mark.parametrize("image", [32, 64, 224])
def test_it_computes_what_the_paper_says(image):
    module, x = uneven(models.build("vgg19", 0, image, 5, 0.0625)), draw((2, 3, image, image), 1)
    net, place, y = ByHand(module), 0, x
    for convolutions in (2, 2, 4, 4, 4):
        for _ in range(convolutions):
            y = net.conv(y, f"features.{place}", f"features.{place + 1}", padding=1).relu()
            place += 3
        y, place = max_pool2d(y, 2), place + 1
    if image == 224:
        y = y.flatten(1)
        for name in ("classifier.0", "classifier.3"):
            y = net.linear(y, name).relu()
    else:
        y = y.mean((2, 3))
    expected = net.linear(y, "classifier.6")
    torch.testing.assert_close(module(x), expected)
    assert expected.shape == (2, 5) and expected.std() > 0.001


def test_weights_are_drawn_as_in_torchvision():
    module = models.build("vgg19", 0, 32)
    layer = module.features[40]
    assert layer.weight.std().item() == pytest.approx((2 / (512 * 9)) ** 0.5, rel=0.02) and not layer.bias.any()
    assert module.classifier[-1].weight.std().item() == pytest.approx(0.01, rel=0.02)


def test_hidden_layers_of_the_classifier_drop_half_of_their_outputs():
    module = models.build("vgg19", 0, 224, 5, 0.0625)
    assert [type(layer) for layer in module.classifier] == [nn.Linear, nn.ReLU, nn.Dropout] * 2 + [nn.Linear]
    assert list(dict(module.classifier.named_children())) == list("0123456")
