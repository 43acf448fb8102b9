"""The place of a call: whether its products run on the engine, and how a weight is used there."""

import gc

import torch
from torch import nn

from tests.training.support import draw, recorded
from training import convert
from training.hooks import conversions


def uses(module, parameter):
    return conversions(module)[0].uses.get(parameter, {})


def test_a_use_is_remembered_for_calls_that_are_alike():
    module, _ = recorded(nn.Conv2d(8, 16, 3, groups=2), "bdwp", 2, 8)
    for size in (5, 6, 5):
        module(draw((2, 8, size, 5), 1))
    (use,) = uses(module, module.weight).values()
    assert len(conversions(module)[0].kinds) == 2 and list(uses(module, module.bias).values()) == [use]
    assert (use.conv.groups, use.weight_shape, use.turned, use.derived) == (2, (16, 4, 3, 3), False, False)
    assert use.taken == (2, 5, 5, 8) and use.given == (2, 3, 3, 16)


def test_a_weight_that_is_the_transpose_is_turned_and_one_that_is_made_is_no_ones():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.w, self.v = nn.Parameter(torch.randn(8, 12)), nn.Parameter(torch.randn(8, 12))

        def forward(self, x):
            return torch.addmm(x.new_zeros(12), x, self.w) + x @ self.v.tanh()

    module, _ = recorded(Two(), "bdwp", 2, 8)
    module(draw((3, 8), 1)).sum().backward()
    (use,) = uses(module, module.w).values()
    assert use.turned and not use.derived and not uses(module, module.v)
    assert use.matrix(module.w).shape == (8, 12)
    assert torch.equal(use.of_matrix(use.matrix(module.w), module.w.shape), module.w)
    assert module.v.grad.any()


def test_many_forward_passes_with_weights_that_are_made_remember_no_more():
    module = convert(nn.utils.parametrizations.weight_norm(nn.Linear(8, 8)), "dense")
    for _ in range(5):
        module(draw((3, 8), 1))
    assert len(conversions(module)[0].kinds) == 1


def test_tensors_without_values_are_followed_by_pytorch():
    module, recorder = recorded(nn.Sequential(nn.Conv2d(8, 8, 3), nn.Flatten(), nn.Linear(72, 4)), "dense")
    assert module.to("meta")(torch.empty(2, 8, 5, 5, device="meta")).shape == (2, 4) and not recorder.runs


def test_parameters_that_are_put_in_the_place_of_others_are_forgotten_with_them():
    module, recorder = recorded(nn.Sequential(nn.Linear(8, 8)), "bdwp", 2, 8)
    module(draw((2, 8), 1))
    (conversion,) = conversions(module)
    before = [len(found) for found in (conversion.known, conversion.uses, conversion.kinds)]
    for value in range(5):
        module[0].weight = nn.Parameter(torch.full((8, 8), float(value)))
        module(draw((2, 8), 1))
        given = {"0.weight": nn.Parameter(torch.ones(8, 8)), "0.bias": nn.Parameter(torch.ones(8))}
        torch.func.functional_call(module, given, draw((2, 8), 1))
    del given
    gc.collect()
    assert [len(found) for found in (conversion.known, conversion.uses, conversion.kinds)] == before
    assert {str(program.work.sparsity) for program, _ in recorder.runs} == {"2:8"}
