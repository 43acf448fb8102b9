"""The network for the digits."""

from collections import OrderedDict

import torch
from torch import nn

from training import models


def test_it_is_three_convolutions_with_norm_and_a_linear_layer_drawn_as_pytorch_draws_them():
    torch.manual_seed(3)
    expected = nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 8, 3, padding=1, bias=False),
            norm1=nn.BatchNorm2d(8),
            relu1=nn.ReLU(),
            conv2=nn.Conv2d(8, 16, 3, stride=2, padding=1, bias=False),
            norm2=nn.BatchNorm2d(16),
            relu2=nn.ReLU(),
            conv3=nn.Conv2d(16, 16, 3, padding=1, bias=False),
            norm3=nn.BatchNorm2d(16),
            relu3=nn.ReLU(),
            flatten=nn.Flatten(),
            linear=nn.Linear(256, 10),
        )
    )
    module = models.build("cnn", 3)
    assert repr(module) == repr(expected)
    assert list(module.state_dict()) == list(expected.state_dict())
    assert all(
        torch.equal(*values)
        for values in zip(module.state_dict().values(), expected.state_dict().values(), strict=True)
    )


def test_it_can_be_wider_and_tell_other_classes_apart():
    module = models.build("cnn", 0, classes=4, width=2)
    assert module.conv2.weight.shape == (32, 16, 3, 3) and module(torch.zeros(2, 1, 8, 8)).shape == (2, 4)
