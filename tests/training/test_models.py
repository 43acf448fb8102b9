"""The registry of models."""
import pytest
import torch
from torch import nn

from training import MODELS, models


@pytest.mark.parametrize("name", MODELS)
def test_models_take_their_input_shape_and_give_their_classes(name):
    model = MODELS[name]
    assert models.build(name, 0)(torch.zeros(2, *model.input_shape)).shape == (2, model.classes)


def test_weights_depend_on_the_seed_alone_and_leave_other_draws_alone():
    torch.manual_seed(5)
    first = models.build("cnn", 3)
    drawn = torch.rand(4)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(4))
    second, other = models.build("cnn", 3), models.build("cnn", 4)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters()))
    assert not torch.equal(first[0].weight, other[0].weight)


def test_the_cnn_has_three_convolutions_one_strided_and_a_linear_layer():
    layers = list(models.build("cnn", 0))
    assert [layer.stride for layer in layers if isinstance(layer, nn.Conv2d)] == [(1, 1), (2, 2), (1, 1)]
    assert sum(isinstance(layer, nn.Linear) for layer in layers) == 1


def test_an_unknown_model_is_refused_with_the_choices():
    with pytest.raises(ValueError, match="model must be one of cnn.*not 'alexnet'"):
        models.build("alexnet", 0)
