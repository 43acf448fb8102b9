"""The registry of models."""

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from tests.training.support import draw, recorded
from tlm import Gemm
from tlm.workload.networks import NETWORKS
from training import MODELS, SGD, Updates, models, training_step, whole_step

CASES = [(name, image) for name, network in NETWORKS.items() for image in network.images]
SMALLEST = {"resnet18": 1 / 8, "resnet50": 1 / 8, "vgg19": 1 / 8, "vit": 1 / 8, "resnet9": 1 / 16}


@pytest.mark.parametrize("name", MODELS)
def test_models_take_their_input_shape_and_give_their_classes(name):
    model = MODELS[name]
    with torch.device("meta"):
        assert models.build(name, 0)(torch.zeros(2, *model.input_shape)).shape == (2, model.classes)


def test_the_registry_says_what_the_networks_table_says():
    assert list(MODELS) == list(NETWORKS)
    for name, model in MODELS.items():
        network = NETWORKS[name]
        assert model.input_shape == (network.channels, network.image, network.image)
        assert (model.classes, model.dense) == (network.classes, network.dense)
        layers = dict(models.build(name, 0, width=0.125).named_modules())
        assert all(isinstance(layers[layer], nn.Linear) for layer in model.dense)


@pytest.mark.parametrize("name", MODELS)
def test_weights_depend_on_the_seed_alone_and_leave_other_draws_alone(name):
    width = SMALLEST.get(name, 1)
    torch.manual_seed(5)
    first = models.build(name, 3, width=width)
    drawn = torch.rand(4)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(4))
    second, other = models.build(name, 3, width=width), models.build(name, 4, width=width)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    matrices = [values for values in zip(first.parameters(), other.parameters(), strict=True) if values[0].dim() > 1]
    assert len(matrices) >= 4 and not any(torch.equal(a, b) for a, b in matrices)


@pytest.mark.parametrize("name, image", CASES)
def test_every_value_of_a_network_is_drawn(name, image, monkeypatch):
    # PyTorch fills new memory with NaN in this mode.
    monkeypatch.setattr(torch.utils.deterministic, "fill_uninitialized_memory", True)
    torch.use_deterministic_algorithms(True)
    try:
        assert torch.empty(4).isnan().all()
        state = models.build(name, 0, image, 5, SMALLEST.get(name, 1)).state_dict()
    finally:
        torch.use_deterministic_algorithms(False)
    assert all(value.isfinite().all() for value in state.values())


@pytest.mark.parametrize("name", SMALLEST)
def test_a_converted_network_trains_a_step_by_the_gemms_that_were_predicted(name):
    module, x, y = models.build(name, 0, 32, 10, SMALLEST[name]), draw((2, 3, 32, 32), 1), torch.tensor([3, 7])
    converted, recorder = recorded(module, "bdwp", 2, 8)
    optimizer = SGD(converted.parameters(), 0.01, 0.0, 0.0, Updates(converted))
    before = cross_entropy(converted(x), y)
    before.backward()
    optimizer.step()
    step = whole_step(module, tuple(x.shape), "bdwp", 2, 8)
    assert [program.work for program, _ in recorder.runs] == step
    assert len([work for work in step if isinstance(work, Gemm)]) == len(training_step(module, tuple(x.shape))) > 25
    with torch.no_grad():
        assert cross_entropy(converted(x), y) < before
    assert all(parameter.grad.isfinite().all() for parameter in converted.parameters())


@pytest.mark.parametrize(
    "given, message",
    [
        (dict(name="alexnet"), "model must be one of cnn.*not 'alexnet'"),
        (dict(name="resnet18", image=33), "image of resnet18 must be one of 32, 64, 224, not 33"),
        (dict(name="resnet18", classes=0), "classes must be an integer of at least 1, not 0"),
        (dict(name="resnet18", width=0.0), "width must be a number above 0 and at most 8, not 0.0"),
    ],
)
def test_an_unknown_model_or_size_is_refused_with_the_choices(given, message):
    with pytest.raises(ValueError, match=message):
        models.build(seed=0, **given)
