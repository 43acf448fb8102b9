"""The weight updates of a converted module's layers, on the layers' engines."""
import numpy as np
import torch
from torch import Tensor, nn

from cosim import Weights
from rtl.golden import Rates
from tlm import Update, schedule_update
from tlm.workload.lowering import Geometry, Lowering
from tlm.workload.methods import STAGES
from tlm.workload.window import Window
from training.conversion import offloaded
from training.layers import SatConv2d, SatLinear
from training.precision import to_numpy


def _matrix(parameter: Tensor) -> Tensor:
    """(kernel positions, Ci, Co) of a weight, (1, 1, Co) of a bias."""
    if parameter.dim() == 1:
        return parameter[None, None]
    if parameter.dim() == 2:
        return parameter.T[None]
    return parameter.permute(2, 3, 1, 0).flatten(0, 1)


def _update(layer: SatLinear | SatConv2d, parameter: nn.Parameter, stages: frozenset[str]) -> Update:
    """The update of a layer's weight or bias. A size of one image does not matter to it."""
    positions, inputs, outputs = _matrix(layer.weight).shape
    window = Window((positions, 1))
    lowering = Lowering(layer.offload.layer, layer.offload.scheme.of_layer(layer.offload.layer),
                        Geometry(1, positions, 1, inputs, outputs, window))
    return lowering.update(stages) if parameter is layer.weight else lowering.bias_update()


class Updates:
    """The updates of a converted module's layers, each on the engine that the layer has at the time.

    They make the copies that the stages read which have run so far, or those of all stages where none has.
    """

    def __init__(self, module: nn.Module):
        self._layers: dict[nn.Parameter, list[SatLinear | SatConv2d]] = {}
        for layer in offloaded(module):
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
        whole = _update(layer, parameter, frozenset(stages))
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
