"""Interception: which functions are taken, from whoever calls them, and what counts as a weight."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import prune

from tests.training.support import draw, recorded
from tlm import Gemm
from training import convert
from training.interception import _CALLS, conversions, intercept, may_multiply, release


def ran(recorder):
    works = [program.work for program, _ in recorder.runs]
    return [(work.layer, str(work.sparsity)) for work in works if isinstance(work, Gemm)]


class Functional(nn.Module):
    """A layer whose weight is used by a function, parameters of its own, a mask in a buffer, and two activations."""

    def __init__(self):
        super().__init__()
        self.qkv, self.w = nn.Linear(16, 48), nn.Parameter(torch.randn(16, 16))
        self.register_buffer("mask", torch.ones(16, 16))

    def forward(self, x):
        q, k, v = F.linear(x, self.qkv.weight, self.qkv.bias).chunk(3, -1)
        y = (q @ k.mT).softmax(-1) @ v
        return y @ (self.w * self.mask) + torch.matmul(y, self.w.T)


def test_functions_are_taken_by_their_weights_and_products_of_activations_by_their_module():
    module, recorder = recorded(nn.ModuleDict(dict(attn=Functional())), "bdwp", 2, 8)
    module["attn"](draw((2, 8, 16), 1))
    assert ran(recorder) == [
        ("attn.qkv", "2:8"),
        ("attn.matmul", "None"),
        ("attn.matmul_2", "None"),
        ("attn.w", "2:8"),
        ("attn.w", "2:8"),
    ]


def test_a_part_of_a_converted_module_runs_by_itself_and_nothing_does_outside():
    module, recorder = recorded(nn.Sequential(nn.Sequential(nn.Linear(8, 8)), nn.ReLU()), "dense")
    module[0](draw((2, 8), 1))
    module[0][0](draw((2, 8), 1))
    F.linear(draw((2, 8), 1), module[0][0].weight)
    assert ran(recorder) == [("0.0", "None")] * 2 and not _CALLS.active


class Failing(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        self.fc(x)
        raise KeyError("wrong")


@pytest.mark.parametrize("early", [False, True])
def test_a_forward_pass_that_fails_leaves_nothing_behind(early):
    module, _ = recorded(nn.ModuleList([Failing()]), "dense")
    if early:
        module[0].register_forward_pre_hook(lambda *_: 1 / 0, prepend=True)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError if early else KeyError):
            module[0](draw((2, 8), 1))
    assert not _CALLS.active and torch.overrides._get_current_function_mode() is None


def test_pruned_and_replaced_parameters_are_weights():
    layer = nn.Linear(16, 8)
    prune.random_unstructured(layer, "weight", 0.5)
    module, recorder = recorded(nn.Sequential(layer, nn.Linear(8, 8)), "bdwp", 2, 8)
    module(draw((2, 16), 1))
    module[1].weight = nn.Parameter(torch.ones(8, 8))
    module(draw((2, 16), 1))
    assert ran(recorder) == [("0.weight_orig", "2:8"), ("1", "2:8")] * 2
    torch.func.functional_call(module[1], {"weight": torch.zeros(8, 8)}, draw((2, 8), 1))
    assert ran(recorder)[-1] == ("1", "2:8")


def test_a_product_of_two_weights_is_one_again():
    class Low(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Parameter(torch.randn(16, 4)), nn.Parameter(torch.randn(4, 16))

        def forward(self, x):
            return F.linear(x, self.a @ self.b)

    module, recorder = recorded(Low(), "bdwp", 2, 8)
    module(draw((2, 16), 1))
    assert ran(recorder) == [("b", "None"), ("a", "2:8")]


def test_hooks_stand_where_products_may_be_and_can_be_taken_away():
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), Failing())
    assert [may_multiply(child) for child in (module, *module)] == [False, True, False, False, True]
    converted = convert(module, "dense")
    assert len(conversions(converted)) == 1 and not conversions(module)
    again = copy.deepcopy(converted)
    assert conversions(again)[0] is not conversions(converted)[0]
    intercept(again, conversions(converted)[0])
    assert conversions(again) == conversions(converted)
    release(again)
    assert not conversions(again) and not any(child._forward_hooks for child in again.modules())


def test_a_converted_part_of_a_converted_module_keeps_its_own_engine():
    outer_module = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8))
    inner, own = recorded(outer_module[1], "dense")
    outer_module[1] = inner
    _, outer = recorded(nn.ReLU(), "dense")
    holder = nn.ModuleList([nn.Linear(8, 8), inner])
    conversion = conversions(convert(nn.Linear(8, 8), "dense", engine=outer))[0]
    intercept(holder[0], conversion)
    holder[1](holder[0](draw((2, 8), 1)))
    assert len(own.runs) == len(outer.runs) == 1
