"""Dense conversions against PyTorch in float32: outputs, and gradients of inputs and parameters."""

import copy

import torch
from torch import nn

from cosim.check.recorder import Recorder
from tests.training.support import difference, functional
from training import convert

FP16 = 6.0  # units of FP16's last place, at the size of the largest value: several products after each other


class Calls(nn.Module):
    """A function of inputs and of parameters of these shapes."""

    def __init__(self, function, *shapes):
        super().__init__()
        draw = torch.Generator().manual_seed(len(shapes))
        self.weights = nn.ParameterList([nn.Parameter(torch.randn(shape, generator=draw) / 4) for shape in shapes])
        self.function = function

    def forward(self, *inputs):
        return self.function(*inputs, *self.weights)


def drawn(*shapes, seed=5):
    """Normal numbers of these shapes."""
    draw = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=draw) for shape in shapes]


def found(module, inputs):
    """Output, and every gradient, for a seeded output gradient."""
    inputs = [x.clone().requires_grad_() if x.is_floating_point() else x for x in inputs]
    module.zero_grad()
    with torch.random.fork_rng():
        torch.manual_seed(3)  # of dropout
        y = module(*inputs)
    y.backward(drawn(tuple(y.shape), seed=7)[0])
    return [y.detach(), *(x.grad for x in inputs if x.is_floating_point()), *(p.grad for p in module.parameters())]


def agrees(module, *inputs, within=FP16):
    """The stages of all products that ran, after outputs and gradients have been compared."""
    recorder = Recorder(functional())
    converted = convert(copy.deepcopy(module), "dense", engine=recorder)
    for ours, theirs in zip(found(converted, inputs), found(module, inputs), strict=True):
        if ours is None or theirs is None:
            assert ours is None and (theirs is None or not theirs.any())
        else:
            assert difference(ours, theirs) < within
    return [(program.work.layer, program.work.stage) for program, _ in recorder.runs]


def layers(ran):
    """The names of layers in the forward pass."""
    return [layer for layer, stage in ran if stage == "ff"]
