"""The weight updates of a module's layers: which there are, and their execution on the layers' engines."""
from collections.abc import Collection, Iterator

import numpy as np
import torch
from torch import Tensor, nn

from cosim import Weights
from rtl.golden import Rates
from tlm import Gemm, Update, schedule_update
from training.conversion import find_layers
from training.layers import SatConv2d, SatLinear
from training.methods import STAGES, Scheme
from training.precision import to_numpy
from training.workload import training_step


def update_step(module: nn.Module, input_shape: tuple[int, ...], method: str = "dense", n: int | None = None,
                m: int | None = None) -> list[Update]:
    """The updates of a training step of `module`: of each layer that is called its weights, with the copies that the
    next step reads, and its bias; once where layers share it. Parameters outside of nn.Linear and nn.Conv2d are updated
    on the host.

    input_shape, method, n, m as in training_step, which also says what is raised
    """
    return [one for one in whole_step(module, input_shape, method, n, m) if isinstance(one, Update)]


def whole_step(module: nn.Module, input_shape: tuple[int, ...], method: str = "dense", n: int | None = None,
               m: int | None = None) -> list[Gemm | Update]:
    """Everything of a training step that runs on the hardware: training_step, then update_step."""
    gemms, updates, layers = training_step(module, input_shape, method, n, m), {}, dict(find_layers(module))
    for name, layer in layers.items():
        stages = {gemm.stage for gemm in gemms if layers[gemm.layer].weight is layer.weight}
        for parameter, update in updates_of(name, layer, Scheme.of(method, n, m), stages) if stages else ():
            updates.setdefault(parameter, update)
    return gemms + list(updates.values())


def updates_of(name: str, layer: nn.Linear | nn.Conv2d, scheme: Scheme,
               stages: Collection[str]) -> Iterator[tuple[nn.Parameter, Update]]:
    """Each trained parameter of a layer, and its update with the copies that these stages read."""
    positions, inputs, outputs = _matrix(layer.weight).shape
    if layer.weight.requires_grad:
        forward = scheme.pattern("ff", inputs)
        backward = scheme.pattern("bp", outputs) if "bp" in stages else None
        dense = not forward or ("bp" in stages and not backward)
        yield layer.weight, Update(positions * inputs, outputs, inputs, forward or backward, bool(forward),
                                   bool(backward), layer=name, half=dense)
    if layer.bias is not None and layer.bias.requires_grad:
        yield layer.bias, Update(1, outputs, 1, layer=f"{name}.bias", half=False)     # which is added in FP32


def _matrix(parameter: Tensor) -> Tensor:
    """(kernel positions, Ci, Co) of a weight, (1, 1, Co) of a bias."""
    if parameter.dim() == 1:
        return parameter[None, None]
    if parameter.dim() == 2:
        return parameter.T[None]
    return parameter.permute(2, 3, 1, 0).flatten(0, 1)


class Updates:
    """The updates of a converted module's layers, each on the engine that the layer has at the time.

    They make the copies that the stages read which have run so far, or those of all stages where none has.
    """

    def __init__(self, module: nn.Module):
        self._layers: dict[nn.Parameter, list[SatLinear | SatConv2d]] = {}
        for layer in module.modules():
            if isinstance(layer, (SatLinear, SatConv2d)):
                for parameter in layer.parameters(recurse=False):
                    if parameter.requires_grad:
                        self._layers.setdefault(parameter, []).append(layer)

    def __contains__(self, parameter: Tensor) -> bool:
        return parameter in self._layers

    @torch.no_grad()
    def run(self, parameter: nn.Parameter, velocity: Tensor, rates: Rates) -> None:
        """Update the parameter and its velocity, in place, from its gradient."""
        layer, *_ = sharing = self._layers[parameter]
        offload, engine = layer.offload, layer.offload.engine
        stages = set().union(*(one.offload.stages for one in sharing)) or STAGES
        whole = dict(updates_of(offload.layer, layer, offload.scheme, stages))[parameter]
        given = [np.ascontiguousarray(to_numpy(_matrix(tensor))).reshape(whole.k, whole.n)
                 for tensor in (parameter, velocity, parameter.grad)]
        update, *reductions = offload.plan.parts(whole) if offload.plan else [whole]
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
