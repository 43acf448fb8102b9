"""Activation checkpoints: what is computed again is intercepted again, where it was."""

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from tests.training.agreement import found
from tests.training.support import draw, recorded
from tlm import Gemm
from training import convert, trace


class Closure(nn.Module):
    """Products in a closure, of a parameter, of a layer's weight and of two activations."""

    def __init__(self, how):
        super().__init__()
        self.w, self.fc, self.how = nn.Parameter(torch.randn(8, 8) / 3), nn.Linear(8, 8), how

    def forward(self, x):
        def inner(z):
            z = torch.tanh(z @ self.w)
            return nn.functional.linear((z @ z.mT).softmax(-1) @ z, self.fc.weight)

        return inner(x) if self.how is None else checkpoint(inner, x, use_reentrant=self.how)


def converted(how):
    with torch.random.fork_rng():
        torch.manual_seed(2)
        return recorded(Closure(how), "bdwp", 2, 8)


def gemms(recorder):
    return [(program.work.layer, program.work.stage) for program, _ in recorder.runs if isinstance(program.work, Gemm)]


@pytest.mark.parametrize("reentrant", [False, True])
def test_a_closure_has_the_bits_that_it_has_without_a_checkpoint(reentrant):
    (plain, once), (module, again) = converted(None), converted(reentrant)
    for ours, theirs in zip(found(module, [draw((2, 5, 8), 1)]), found(plain, [draw((2, 5, 8), 1)]), strict=True):
        assert ours is theirs is None or torch.equal(ours, theirs)
    forward = ["w", "matmul", "matmul_2", "fc"]
    # The last product's forward pass is not needed again, unless the checkpoint is reentrant.
    repeated = forward if reentrant else forward[:3]
    assert [layer for layer, stage in gemms(again) if stage == "ff"] == forward + repeated
    assert sorted(gemms(again)) == sorted(gemms(once) + [(layer, "ff") for layer in repeated])


@pytest.mark.parametrize("reentrant", [False, True])
def test_the_trace_counts_it_as_often_as_it_runs(reentrant):
    module, recorder = converted(reentrant)
    module(draw((2, 5, 8), 1).requires_grad_()).sum().backward()
    traced = trace(Closure(reentrant), draw((2, 5, 8), 1).requires_grad_())
    ran = [program.work for program, _ in recorder.runs if isinstance(program.work, Gemm)]
    assert traced.macs_seen == sum(work.macs + work.macs_skipped for work in ran) and not traced.on_host


def test_outside_of_converted_modules_checkpoints_are_pytorchs():
    convert(nn.Linear(2, 2), "dense")
    module = Closure(False)
    assert all(one is not None for one in found(module, [draw((2, 5, 8), 1)])[:2])
