"""The weight updates of a module's layers: which there are, and their execution on the layers' engines."""
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from cosim import Engine, Weights
from rtl.golden import Rates
from tlm import Gemm, Update, schedule_update
from training.conversion import find_layers
from training.layers import SatConv2d, SatLinear
from training.methods import Scheme
from training.precision import to_numpy
from training.workload import training_step


def update_step(module: nn.Module, method: str = "dense", n: int | None = None, m: int | None = None) -> list[Update]:
    """The updates of a training step of `module`: each layer's weights, with the compact copies that the next step
    reads, and its bias; once where layers share it. Parameters outside of nn.Linear and nn.Conv2d are updated on the
    host.

    method, n, m as in training.convert, which also says what is raised
    """
    scheme, updates = Scheme.of(method, n, m), {}
    for name, layer in find_layers(module):
        for parameter, update in updates_of(name, layer, scheme):
            updates.setdefault(parameter, update)
    return list(updates.values())


def whole_step(module: nn.Module, input_shape: tuple[int, ...], method: str = "dense", n: int | None = None,
               m: int | None = None) -> list[Gemm | Update]:
    """Everything of a training step that runs on the hardware: training_step, then update_step."""
    return training_step(module, input_shape, method, n, m) + update_step(module, method, n, m)


def updates_of(name: str, layer: nn.Linear | nn.Conv2d, scheme: Scheme) -> Iterator[tuple[nn.Parameter, Update]]:
    """Each trained parameter of a layer, and its update."""
    positions, inputs, outputs = _matrix(layer.weight).shape
    if layer.weight.requires_grad:
        forward, backward = scheme.pattern("ff", inputs), scheme.pattern("bp", outputs)
        yield layer.weight, Update(positions * inputs, outputs, inputs, forward or backward, bool(forward),
                                   bool(backward), layer=name)
    if layer.bias is not None and layer.bias.requires_grad:
        yield layer.bias, Update(1, outputs, 1, layer=f"{name}.bias")


def _matrix(parameter: Tensor) -> Tensor:
    """(kernel positions, Ci, Co) of a weight, (1, 1, Co) of a bias."""
    if parameter.dim() == 1:
        return parameter[None, None]
    if parameter.dim() == 2:
        return parameter.T[None]
    return parameter.permute(2, 3, 1, 0).flatten(0, 1)


@dataclass(frozen=True)
class _Owned:
    layer: SatLinear | SatConv2d
    update: Update


class Updates:
    """The updates of a converted module's layers, each on the engine that the layer has at the time."""

    def __init__(self, module: nn.Module):
        self._owned: dict[nn.Parameter, _Owned] = {}
        for layer in module.modules():
            if isinstance(layer, (SatLinear, SatConv2d)):
                for parameter, update in updates_of(layer.offload.layer, layer, layer.offload.scheme):
                    self._owned.setdefault(parameter, _Owned(layer, update))

    def __contains__(self, parameter: Tensor) -> bool:
        return parameter in self._owned

    @torch.no_grad()
    def run(self, parameter: nn.Parameter, velocity: Tensor, rates: Rates) -> None:
        """Update the parameter and its velocity, in place, from its gradient."""
        owned = self._owned[parameter]
        engine: Engine = owned.layer.offload.engine
        given = [np.ascontiguousarray(to_numpy(_matrix(tensor))).reshape(owned.update.k, owned.update.n)
                 for tensor in (parameter, velocity, parameter.grad)]
        plan = owned.layer.offload.plan
        update, *reductions = plan.parts(owned.update) if plan else [owned.update]
        updated, _ = engine.run(schedule_update(update, engine.config), Weights(*given, rates))
        for reduction in reductions:
            engine.run(schedule_update(reduction, engine.config), Weights(updated.weights))
        for tensor, new in ((parameter, updated.weights), (velocity, updated.velocities)):
            tensor.copy_(_like(torch.from_numpy(new), tensor))


def _like(matrix: Tensor, parameter: Tensor) -> Tensor:
    """(positions x Ci, Co) in the parameter's shape: the inverse of _matrix."""
    if parameter.dim() < 3:
        return matrix.T.reshape(parameter.shape)
    outputs, inputs, *kernel = parameter.shape
    return matrix.reshape(*kernel, inputs, outputs).permute(3, 2, 0, 1)
