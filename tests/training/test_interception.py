"""Interception: which functions are taken, from whoever calls them, and what counts as a weight."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import prune

from tests.training.support import draw, recorded
from tlm import Gemm
from training import convert
from training.hooks import conversions, intercept
from training.interception import _CALLS


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


def test_what_a_converted_part_leaves_to_the_host_does_not_run_on_the_engine_around_it():
    teacher = convert(nn.Linear(8, 8), "dense", host=("Linear",))

    class Student(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(8, 8)

        def forward(self, x):
            return self.fc(x) * 0 + teacher(x)

    module, recorder = recorded(Student(), "dense")
    x = draw((2, 8), 1)
    assert torch.equal(module(x), nn.functional.linear(x, teacher.weight, teacher.bias))
    assert ran(recorder) == [("fc", "None")]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_an_interruption_switches_the_mode_off_too(interruption):
    class Interrupted(nn.Module):
        def forward(self, x):
            raise interruption

    module, _ = recorded(nn.Sequential(nn.Linear(8, 8), Interrupted()), "dense")
    with pytest.raises(interruption):
        module(draw((2, 8), 1))
    assert not _CALLS.active and torch.overrides._get_current_function_mode() is None


class Made(nn.Module):
    """A layer whose weight is made of a parameter."""

    def __init__(self, make):
        super().__init__()
        self.w, self.make = nn.Parameter(torch.randn(16, 16)), make

    def forward(self, x):
        return F.linear(x, self.make(self.w, x))


class Rounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w):
        return w.mul(8).round() / 8

    @staticmethod
    def backward(ctx, dw):
        return dw


@pytest.mark.parametrize(
    "make, pruned",
    [
        (lambda w, _: w * (w.abs() > 0.1), True),
        (lambda w, _: torch.where(w > 0, w, 0 * w), True),
        (lambda w, _: w[torch.arange(16)], True),
        (lambda w, _: torch.transpose(input=w, dim0=0, dim1=1), True),
        (lambda w, _: Rounded.apply(w), True),
        (lambda w, _: torch.cat([w[:8], w[8:]]), True),
        (lambda w, x: w * x.mean(), False),
        (lambda w, x: w.clone().add_(x.mean()), False),
        (lambda w, _: w.new_ones(16, 16), False),
    ],
)
def test_what_is_made_of_parameters_alone_is_a_weight(make, pruned):
    module, recorder = recorded(Made(make), "bdwp", 2, 8)
    module(draw((4, 16), 1))
    assert [pattern for _, pattern in ran(recorder)] == ["2:8" if pruned else "None"]


def test_what_a_layer_makes_of_a_parameter_is_an_activation():
    class Queries(nn.Module):
        def __init__(self):
            super().__init__()
            self.q, self.fc = nn.Parameter(torch.randn(4, 16)), nn.Linear(16, 16)

        def forward(self, x):
            return self.fc(self.q) @ x.mT

    module, recorder = recorded(Queries(), "bdwp", 2, 8)
    module(draw((3, 16), 1))
    assert ran(recorder) == [("fc", "2:8"), ("matmul", "None")]


def test_a_parametrization_that_is_cached_is_pruned_each_time():
    layer = nn.utils.parametrizations.weight_norm(nn.Linear(16, 8))
    module, recorder = recorded(nn.Sequential(layer), "bdwp", 2, 8)
    with nn.utils.parametrize.cached():
        assert torch.equal(module(draw((2, 16), 1)), module(draw((2, 16), 1)))
    assert ran(recorder) == [("0", "2:8")] * 2


def test_parameters_and_layers_that_come_later_are_known():
    module, recorder = recorded(nn.Sequential(nn.Linear(8, 8)), "bdwp", 2, 8)
    module(draw((2, 8), 1))
    module.append(nn.Linear(8, 8))
    module[0].weight = nn.Parameter(torch.ones(8, 8))
    module(draw((2, 8), 1))
    assert ran(recorder) == [("0", "2:8"), ("0", "2:8"), ("1", "2:8")]


def test_a_layer_and_a_product_of_one_name_keep_their_own_patterns():
    class Same(nn.Module):
        def __init__(self):
            super().__init__()
            self.matmul = nn.Linear(8, 8)

        def forward(self, x):
            return self.matmul(x @ x.mT @ x)

    module, recorder = recorded(Same(), "bdwp", 2, 8)
    module(draw((2, 8), 1))
    assert ran(recorder) == [("matmul", "None"), ("matmul_2", "None"), ("matmul", "2:8")]


def test_calls_with_other_parameters_each_time_remember_none_of_them():
    module, _ = recorded(nn.Linear(8, 8), "bdwp", 2, 8)
    module(draw((2, 8), 1))
    for value in range(5):
        torch.func.functional_call(module, {"weight": torch.full((8, 8), float(value))}, draw((2, 8), 1))
    (conversion,) = conversions(module)
    assert len(conversion.kinds) == len(conversion.uses) == 2  # of its own weight and bias, and of another weight
