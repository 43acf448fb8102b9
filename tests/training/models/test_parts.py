"""Layers whose values are still to be drawn."""

import torch
from torch import nn

from training.models.parts import undrawn


def test_an_undrawn_layer_draws_nothing_and_is_otherwise_the_usual_one():
    torch.manual_seed(1)
    expected = torch.rand(2)
    torch.manual_seed(1)
    layer = undrawn(nn.Conv2d, 8, 16, 3, 2, 1, bias=False)
    assert torch.equal(torch.rand(2), expected)
    assert repr(layer) == repr(nn.Conv2d(8, 16, 3, 2, 1, bias=False))
    assert layer.weight.requires_grad and layer.weight.shape == (16, 8, 3, 3) and layer.weight.device.type == "cpu"


def test_it_is_made_on_the_device_that_is_asked_for():
    with torch.device("meta"):
        assert undrawn(nn.Linear, 3, 4).weight.is_meta
