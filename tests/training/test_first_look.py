"""The first forward pass: what the host multiplies is told, once for each mode; compilers stay outside."""

import copy
import inspect
import warnings

import pytest
import torch
from torch import nn

from tests.training.support import draw
from training import HostProductsWarning, convert, on_host


class Mixed(nn.Module):
    """A linear layer, and what no array does."""

    def __init__(self):
        super().__init__()
        self.fc, self.both = nn.Linear(8, 8), nn.Bilinear(8, 8, 4)

    def forward(self, x, again=1):
        return self.both(self.fc(x), x)


def test_what_ran_on_the_host_is_told_once_for_training_and_once_for_evaluation():
    module, x = convert(Mixed(), "dense"), draw((3, 8), 1)
    with pytest.raises(ValueError, match="known after the first forward pass"):
        on_host(module)
    words = r"^768 multiply-adds of this forward pass, 80.0% of all, ran in PyTorch on the host: both: bilinear 768;"
    for mode in (True, False):
        with pytest.warns(HostProductsWarning, match=words):
            module.train(mode)(x)
        with warnings.catch_warnings(action="error"):
            module(x)
    assert [(one.module, one.call, one.forward) for one in on_host(module)] == [("both", "bilinear", 768)]
    with pytest.warns(HostProductsWarning):
        copy.deepcopy(module)(x)


def test_a_module_all_of_whose_products_run_on_the_engine_warns_of_nothing():
    module = convert(nn.Sequential(nn.Linear(8, 8), nn.ReLU()), "dense")
    with warnings.catch_warnings(action="error"):
        module(draw((3, 8), 1))
    assert on_host(module) == []


def test_what_was_asked_to_stay_is_named_too():
    module = convert(nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 4)), "dense", host=("1",))
    with pytest.warns(HostProductsWarning, match="33.3% of all, .*: 1: linear 96;"):
        module(draw((3, 8), 1))


def test_a_first_pass_that_fails_is_no_look():
    module = convert(Mixed(), "dense")
    with pytest.raises(RuntimeError):
        module(draw((3, 7), 1))
    with pytest.warns(HostProductsWarning):
        module(draw((3, 8), 1))


def test_the_signature_and_a_forward_of_the_modules_own_are_kept():
    module = nn.Linear(8, 8)
    assert list(inspect.signature(convert(Mixed(), "dense").forward).parameters) == ["x", "again"]
    module.forward = lambda x: nn.functional.linear(x, module.weight) * 0
    assert not convert(module, "dense")(draw((3, 8), 1)).any()


def test_a_compiler_leaves_the_forward_pass_as_it_is():
    module, x = convert(nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 4)), "bdwp", 2, 8), draw((3, 8), 1)
    expected = module(x)
    with warnings.catch_warnings(action="error"):
        found = torch.compile(module, backend="eager")(x)
    found.sum().backward()
    assert torch.equal(found, expected) and all(weight.grad is not None for weight in module.parameters())


def test_torch_jit_is_told_that_it_sees_no_engine():
    with pytest.raises(ValueError, match="^torch.jit sees no engine: trace the plain module"):
        torch.jit.trace(convert(nn.Linear(8, 8), "dense"), draw((2, 8), 1))


def test_a_script_is_refused_as_a_whole_and_stays_on_the_host_as_a_part():
    script = torch.jit.script(nn.Linear(8, 8))
    with pytest.raises(ValueError, match="^a module must be one of Python, not of TorchScript, inside of which"):
        convert(script, "dense")
    with pytest.warns(HostProductsWarning, match="50.0% of all"):
        convert(nn.Sequential(nn.Linear(8, 8), script), "dense")(draw((2, 8), 1))
