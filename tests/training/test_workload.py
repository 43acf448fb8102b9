"""The predicted GEMMs of a training step are those that a converted module executes."""

import pytest
import torch
from torch import nn

from tests.training.support import draw, recorded
from training import models, training_step, update_step
from training.tracing import trace


class Residual(nn.Module):
    """Two branches, a projection, a layer used twice, and dimensions that fit no group."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 11, 3, padding=1)
        self.left = nn.Sequential(nn.Conv2d(11, 16, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1))
        self.right = nn.Conv2d(11, 16, 1, stride=2)
        self.head = nn.Linear(16, 16)

    def forward(self, x):
        x = self.stem(x).relu()
        x = (self.left(x) + self.right(x)).relu().flatten(2).transpose(1, 2)
        return self.head(self.head(x).relu())


MODULES = {
    "cnn": (lambda: models.build("cnn", 0), (4, 1, 8, 8)),
    "residual": (Residual, (2, 3, 6, 6)),
    "layer": (lambda: nn.Linear(24, 10), (3, 24)),
}


@pytest.mark.parametrize("method, n, m", [("dense", None, None), ("bdwp", 2, 8), ("bdwp", 1, 4), ("bdwp", 4, 16)])
@pytest.mark.parametrize("name", MODULES)
def test_the_workload_equals_what_is_executed_gemm_by_gemm_and_in_order(name, method, n, m):
    factory, shape = MODULES[name]
    module = factory()
    expected = training_step(module, shape, method, n, m)
    converted, recorder = recorded(module, method, n, m)
    converted(draw(shape, 1)).square().sum().backward()
    assert [program.gemm for program, _ in recorder.runs] == expected
    # What equality of GEMMs leaves out, but their cycles depend on: where im2col matrices come from.
    assert [program.gemm.source for program, _ in recorder.runs] == [gemm.source for gemm in expected]
    assert training_step(converted, shape, method, n, m) == expected
    assert len(expected) >= 2


def test_a_step_of_the_cnn_has_eleven_gemms_and_the_first_layer_no_bp():
    gemms = training_step(models.build("cnn", 0), (32, 1, 8, 8), "bdwp", 2, 8)
    assert [(gemm.layer, gemm.stage) for gemm in gemms] == [
        ("conv1", "ff"),
        ("conv2", "ff"),
        ("conv3", "ff"),
        ("linear", "ff"),
        ("linear", "bp"),
        ("linear", "wu"),
        ("conv3", "bp"),
        ("conv3", "wu"),
        ("conv2", "bp"),
        ("conv2", "wu"),
        ("conv1", "wu"),
    ]
    assert sum(gemm.macs + gemm.macs_skipped for gemm in gemms if gemm.stage == "ff") == 32 * 62_464


def test_a_layer_with_a_frozen_weight_passes_the_gradient_on_but_has_no_wu():
    module = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8))
    module[1].weight.requires_grad_(False)
    stages = [(gemm.layer, gemm.stage) for gemm in training_step(module, (4, 8))]
    assert stages == [("0", "ff"), ("1", "ff"), ("1", "bp"), ("0", "wu")]


def test_the_module_is_left_as_it_was():
    module = models.build("cnn", 0).eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    training_step(module, (2, 1, 8, 8))
    assert not module.training and all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    assert not any(child._forward_hooks for child in module.modules())


def test_big_networks_are_traced_without_computing():
    with torch.device("meta"):
        module = nn.Sequential(*[nn.Conv2d(512, 512, 3, padding=1) for _ in range(50)])
    gemms = training_step(module, (64, 512, 56, 56), "bdwp", 2, 8)  # 4.7e11 multiply-adds a stage and layer
    assert len(gemms) == 149 and sum(gemm.macs for gemm in gemms) > 10**13


def test_calls_that_share_a_weight_name_its_first_layer():
    module = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8))
    module[2].weight = module[0].weight
    owners = [(call.layer.name, call.owner) for call in trace(module, (4, 8)).calls]
    assert owners == [("0", "0"), ("1", "1"), ("2", "0")]


def test_a_layer_that_is_not_called_has_no_update():
    module = nn.Sequential(nn.Linear(8, 8, bias=False))
    module[0].spare = nn.Linear(8, 8)
    assert [update.layer for update in update_step(module, (4, 8))] == ["0"]


def test_a_layer_that_is_used_twice_has_one_update():
    layer = nn.Linear(8, 8)
    assert [update.layer for update in update_step(nn.Sequential(layer, nn.ReLU(), layer), (4, 8))] == ["0", "0.bias"]
