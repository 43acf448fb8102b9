"""ResNet18 and ResNet50."""

import pytest
import torch
from torch import nn
from torch.nn.functional import max_pool2d

from tests.training.models.support import ByHand, parameters, uneven
from tests.training.support import draw
from training import models

DEPTHS = {"resnet18": (2, 2, 2, 2), "resnet50": (3, 4, 6, 3)}


# 224: `num_params` of torchvision's weights. 32: README tables that count the networks of kuangliu/pytorch-cifar.
@pytest.mark.parametrize(
    "name, image, classes, count",
    [
        ("resnet18", 224, 1000, 11_689_512),
        ("resnet50", 224, 1000, 25_557_032),
        ("resnet18", 32, 10, 11_173_962),
        ("resnet50", 32, 10, 23_520_842),
        ("resnet50", 64, 10, 23_520_842),
    ],
)
def test_they_have_as_many_parameters_as_is_published(name, image, classes, count):
    assert parameters(name, image, classes) == count


@pytest.mark.parametrize("image", [32, 64, 224])
@pytest.mark.parametrize("name", DEPTHS)
def test_they_compute_what_the_paper_says(name, image):
    module, x = uneven(models.build(name, 0, image, 5, 0.0625)), draw((2, 3, image, image), 1)
    net = ByHand(module)

    def block(x, name, stride):
        """Of the convolutions, the first 3x3 one has the stride."""
        around = (
            net.conv(x, f"{name}.downsample.0", f"{name}.downsample.1", stride)
            if f"{name}.downsample.0.weight" in net.state
            else x
        )
        convolutions = [i for i in (1, 2, 3) if f"{name}.conv{i}.weight" in net.state]
        for i in convolutions:
            kernel = net.state[f"{name}.conv{i}.weight"].shape[-1]
            x = net.conv(x, f"{name}.conv{i}", f"{name}.bn{i}", stride if kernel == 3 else 1, kernel // 2)
            stride = 1 if kernel == 3 else stride
            x = x if i == convolutions[-1] else x.relu()
        return (x + around).relu()

    stem = (2, 3) if image == 224 else (1, 1)
    y = net.conv(x, "conv1", "bn1", *stem).relu()
    y = max_pool2d(y, 3, 2, 1) if image == 224 else y
    for stage, depth in enumerate(DEPTHS[name], 1):
        for i in range(depth):
            y = block(y, f"layer{stage}.{i}", 2 if stage > 1 and i == 0 else 1)
    expected = net.linear(y.mean((2, 3)), "fc")
    torch.testing.assert_close(module(x), expected)
    assert expected.shape == (2, 5) and expected.std() > 0.01


def test_weights_are_drawn_for_the_channels_that_a_convolution_gives():
    module = models.build("resnet18", 0, 32)
    for layer in (module.layer2[0].conv1, module.layer4[1].conv2, module.layer3[0].downsample[0]):
        fan_out = layer.out_channels * layer.kernel_size[0] ** 2
        assert layer.weight.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.02)
    assert all((norm.weight == 1).all() for norm in module.modules() if isinstance(norm, nn.BatchNorm2d))


def test_state_dicts_have_the_names_of_torchvision():
    names = list(models.build("resnet50", 0, 224, 1000, 0.125).state_dict())
    assert names[:2] == ["conv1.weight", "bn1.weight"] and names[-2:] == ["fc.weight", "fc.bias"]
    assert {
        "layer1.0.conv3.weight",
        "layer3.5.bn2.running_var",
        "layer4.0.downsample.0.weight",
        "layer4.0.downsample.1.num_batches_tracked",
    } <= set(names)
    assert len(names) == 320
