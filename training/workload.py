"""The GEMMs of one training step, found from shapes alone."""
import copy
from dataclasses import dataclass

import torch
from torch import nn

from tlm import Gemm
from training.conversion import find_layers
from training.lowering import Lowering, geometry_of
from training.methods import Scheme


@dataclass(frozen=True)
class _Call:
    """One execution of a layer, and whether its input and its weight want a gradient."""

    lowering: Lowering
    input_gradient: bool
    weight_gradient: bool

    def backward(self) -> list[Gemm]:
        stages = ["bp"] * self.input_gradient + ["wu"] * self.weight_gradient
        return [self.lowering.gemm(stage) for stage in stages]


def training_step(module: nn.Module, input_shape: tuple[int, ...], method: str = "dense",
                  n: int | None = None, m: int | None = None) -> list[Gemm]:
    """Every GEMM of a training step of `module`, in the order in which a converted module executes them.

    module       plain or converted; its parameters may be on the meta device
    input_shape  of one batch, batch included: (B, C, H, W) for images
    method, n, m as in training.convert
    Forward passes come first; then, from the last layer to the first, each one's input gradient and weight gradient.
    A layer whose input needs no gradient, which is the first, has no 'bp'. No value is computed: the module is traced
    on the meta device, where ResNet50 takes a fraction of a second.
    Raises ValueError as training.convert does.
    """
    calls = _trace(module, input_shape, Scheme.of(method, n, m))
    return [call.lowering.gemm("ff") for call in calls] + [gemm for call in reversed(calls) for gemm in call.backward()]


def _trace(module: nn.Module, input_shape: tuple[int, ...], scheme: Scheme) -> list[_Call]:
    """The calls of the module's layers, in order."""
    calls: list[_Call] = []
    shadow = copy.deepcopy(module).to("meta").train()
    for name, layer in find_layers(shadow):
        def record(layer, inputs, _output, name=name):
            lowering = Lowering(name, scheme, geometry_of(layer, inputs[0].shape))
            calls.append(_Call(lowering, inputs[0].requires_grad, layer.weight.requires_grad))
        layer.register_forward_hook(record)
    with torch.enable_grad():
        shadow(torch.empty(input_shape, device="meta"))
    return calls
