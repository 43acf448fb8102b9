"""SR-STE's decay against the formula g + decay * (1 - mask) * w in float64."""

import numpy as np
import pytest
import torch
from torch import nn

from rtl.sparsity import Sparsity
from tests.training.support import draw, functional, give_gradients, seeded
from training import Decay, Scheme, convert, nm_mask
from training.decay import kept

LAYERS = {
    "linear": lambda: nn.Linear(24, 20),
    "convolution": lambda: nn.Conv2d(16, 9, 3),
    "ragged": lambda: nn.Conv2d(11, 13, (3, 2)),
}
INPUTS = {"linear": (2, 24), "convolution": (1, 16, 4, 4), "ragged": (1, 11, 4, 4)}


def converted(module, method="srste", **choices):
    return convert(module, Scheme.of(method, 2, 8, **choices), engine=functional())


@pytest.mark.parametrize("method, dim", [("srste", 1), ("bdwp", 1), ("sdwp", 0)])
@pytest.mark.parametrize("case", LAYERS)
def test_the_gradient_of_what_is_pruned_has_the_term_and_all_others_keep_their_bits(case, method, dim):
    layer = converted(seeded(LAYERS[case]), method, decay=0.03)
    layer(draw(INPUTS[case], 1))
    give_gradients(layer, 1)
    before = {name: one.grad.clone() for name, one in layer.named_parameters()}
    Decay(layer).add(scale=64.0)
    mask, weight = nm_mask(layer.weight.half(), 2, 8, dim), layer.weight.detach().double()
    true = before["weight"].double() / 64 + 0.03 * (~mask) * weight
    assert torch.allclose(layer.weight.grad.double() / 64, true, rtol=1e-6, atol=1e-7)
    assert torch.equal(layer.weight.grad[mask], before["weight"][mask]) and 0.1 < mask.float().mean() < 0.5
    assert torch.equal(layer.bias.grad, before["bias"])
    assert not torch.equal(layer.weight.grad[~mask], before["weight"][~mask])


def test_the_mask_is_the_contracts_even_where_weights_are_zero_and_magnitudes_tie():
    weight = torch.from_numpy(np.random.default_rng(3).integers(-2, 3, (40, 64)).astype(np.float32))
    weight[0, :8], weight[1, :8] = 0, torch.tensor([1e-9, 0, 0, 1e-9, -0.0, 0, 1e-12, 0])  # zeros in FP16
    for dim in (0, 1):
        assert torch.equal(kept(weight, Sparsity(2, 8), dim), nm_mask(weight.half(), 2, 8, dim))


@pytest.mark.parametrize(
    "module, shape, choices",
    [
        (lambda: nn.Linear(24, 20), (2, 24), dict(decay=0.0)),
        (lambda: nn.Linear(24, 20), (2, 24), dict(dense=("*Linear",))),
        (lambda: nn.Conv2d(7, 16, 3), (1, 7, 4, 4), {}),
        (lambda: nn.Linear(16, 7), (2, 16), dict(method="sdwp", decay=0.1)),
        (lambda: nn.BatchNorm1d(4), (2, 4), {}),
        (lambda: nn.Linear(24, 20), (2, 24), dict(method="dense")),
        (lambda: nn.Linear(24, 20), (2, 24), dict(method="sdgp")),
    ],
)
def test_nothing_decays_that_is_not_pruned(module, shape, choices):
    layer = converted(seeded(module), **choices)
    layer(draw(shape, 1))
    give_gradients(layer, 1)
    before = [one.grad.clone() for one in layer.parameters()]
    Decay(layer).add()
    assert all(torch.equal(a, one.grad) for a, one in zip(before, layer.parameters(), strict=True))


def test_a_shared_weight_decays_once_and_one_without_a_gradient_not_at_all():
    module = seeded(lambda: nn.Sequential(nn.Linear(16, 16), nn.Linear(16, 16), nn.Linear(16, 16)))
    module[1].weight = module[0].weight
    module = converted(module, decay=0.5)
    weight = module[0].weight
    module(draw((2, 16), 1))
    weight.grad = torch.zeros(16, 16)
    Decay(module).add()
    mask = nm_mask(weight.half(), 2, 8, 1)
    assert torch.equal(weight.grad, torch.where(mask, 0, 0.5 * weight.detach())) and module[2].weight.grad is None
