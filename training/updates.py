"""The weight updates of a converted module's layers, on the layers' engines."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from cosim import Engine, Weights
from cosim.functional import Functional
from rtl.golden import Rates
from tlm import Plan, Update, UpdateProgram, schedule_update
from tlm.workload.lowering import Geometry, Lowering
from tlm.workload.methods import STAGES
from tlm.workload.window import Window
from training.conversion import offloaded
from training.layers import SatConv2d, SatLinear
from training.precision import to_numpy


def _matrix(parameter: Tensor) -> np.ndarray:
    """(kernel positions, Ci, Co) of a weight, (1, 1, Co) of a bias."""
    values = to_numpy(parameter)
    if values.ndim == 1:
        return values[None, None]
    if values.ndim == 2:
        return values.T[None]
    return values.transpose(2, 3, 1, 0).reshape(-1, *values.shape[1::-1])


def _update(layer: SatLinear | SatConv2d, parameter: nn.Parameter, stages: frozenset[str]) -> Update:
    """The update of a layer's weight or bias. A size of one image does not matter to it."""
    positions, inputs, outputs = _matrix(layer.weight).shape
    window = Window((positions, 1))
    lowering = Lowering(
        layer.offload.layer,
        layer.offload.scheme.of_layer(layer.offload.layer),
        Geometry(1, positions, 1, inputs, outputs, window),
    )
    return lowering.update(stages) if parameter is layer.weight else lowering.bias_update()


@dataclass(frozen=True)
class _Ready:
    """A parameter's update and what copies its weights before use, scheduled for an engine, a plan and the stages that
    have run."""

    engine: Engine
    plan: Plan | None
    stages: frozenset[str]
    programs: Sequence[UpdateProgram]

    def is_for(self, engine: Engine, plan: Plan | None, stages: frozenset[str]) -> bool:
        """Whether it is, or must be scheduled anew."""
        return self.engine is engine and self.plan is plan and self.stages == stages


class Updates:
    """The updates of a converted module's layers, each on the engine that the layer has at the time.

    They make the copies that the stages read which have run so far, or those of all stages where none has.
    """

    def __init__(self, module: nn.Module):
        self._layers: dict[nn.Parameter, list[SatLinear | SatConv2d]] = {}
        self._ready: dict[nn.Parameter, _Ready] = {}
        for layer in offloaded(module):
            for parameter in layer.parameters(recurse=False):
                if parameter.requires_grad:
                    self._layers.setdefault(parameter, []).append(layer)

    def __contains__(self, parameter: Tensor) -> bool:
        """Whether it is to be updated here. The functional engine is the host, which needs no copies: it prunes what it
        multiplies; and SIGMA leaves updates to the host."""
        if parameter not in self._layers:
            return False
        engine = self._layers[parameter][0].offload.engine
        return engine.updates and type(engine) is not Functional

    @torch.no_grad()
    def run(self, parameter: nn.Parameter, velocity: Tensor, rates: Rates) -> None:
        """Update the parameter and its velocity, in place, from its gradient."""
        ready = self._scheduled(parameter)
        engine, (update, *reductions) = ready.engine, ready.programs
        whole = update.update
        given = [
            np.ascontiguousarray(_matrix(tensor)).reshape(whole.k, whole.n)
            for tensor in (parameter, velocity, parameter.grad)
        ]
        updated, _ = engine.run(update, Weights(*given, rates))
        for reduction in reductions:
            engine.run(reduction, Weights(updated.weights))
        for tensor, new in ((parameter, updated.weights), (velocity, updated.velocities)):
            tensor.copy_(torch.from_numpy(_like(new, tensor.shape)))

    def _scheduled(self, parameter: nn.Parameter) -> _Ready:
        """The same programs in each step, whose costs an engine then knows, until there is reason for others."""
        layer, *_ = sharing = self._layers[parameter]
        engine, plan = layer.offload.engine, layer.offload.plan
        stages = frozenset().union(*(one.offload.stages for one in sharing)) or frozenset(STAGES)
        ready = self._ready.get(parameter)
        if ready is None or not ready.is_for(engine, plan, stages):
            whole = _update(layer, parameter, stages)
            parts = plan.parts(whole) if plan else [whole]
            ready = _Ready(engine, plan, stages, [schedule_update(part, engine.config) for part in parts])
            self._ready[parameter] = ready
        return ready


def _like(matrix: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(positions x Ci, Co) in a parameter's shape: the inverse of _matrix."""
    if len(shape) < 3:
        return matrix.T.reshape(shape)
    outputs, inputs, *kernel = shape
    return matrix.reshape(*kernel, inputs, outputs).transpose(3, 2, 0, 1)
